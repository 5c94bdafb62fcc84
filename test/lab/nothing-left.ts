import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openClusters } from '../../src/rbd/clusters.js';
import type { LabCeph } from './ceph.js';
import { loopsBelow, mountsBelow } from './folder.js';

const PURGE_LIMIT_MS = 20_000;

/**
 * What is left of volumes in a pool and on a node, by kind; all empty where nothing is. The purge works in the
 * background, so the trash is given some time to empty.
 */
export async function whatIsLeft(
  ceph: LabCeph,
  folder: string,
): Promise<Record<string, readonly unknown[]>> {
  const clusters = openClusters([ceph.settings]);
  try {
    const cluster = clusters.get(ceph.name);
    const place = { pool: ceph.pool, namespace: '' };
    const limit = Date.now() + PURGE_LIMIT_MS;
    let trash = await cluster.listTrash(place);
    while (trash.length > 0 && Date.now() < limit) {
      await sleep(100);
      trash = await cluster.listTrash(place);
    }
    const images = (await ceph.rbd('ls', ceph.pool)).split('\n').filter(Boolean);
    return {
      images,
      trash,
      names: await cluster.listNames(undefined, 1000),
      mounts: mountsBelow(folder),
      loops: loopsBelow(folder),
      state: filesBelow(folder, 'state'),
    };
  } finally {
    await clusters.close();
  }
}

export const NOTHING = { images: [], trash: [], names: [], mounts: [], loops: [], state: [] };

function filesBelow(folder: string, name: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .filter((path) => path.startsWith(`${folder}/${name}/`));
}
