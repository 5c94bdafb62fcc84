import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openClusters } from '../../src/rbd/clusters.js';
import type { LabCeph } from './ceph.js';
import { loopsBelow, mountsBelow } from './folder.js';

/** Another controller takes the background work over when the lock of one that was killed has run out. */
const PURGE_LIMIT_MS = 60_000;

/**
 * What is left of volumes in a pool and on a node, by kind; all empty where nothing is. The purge works in the
 * background, so what is left to do is given some time.
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
    const tasksOf = async () => [
      ...(await cluster.names.listTasks()),
      ...(await cluster.snapshotNames.listTasks()),
    ];
    let [trash, tasks] = [await cluster.listTrash(place), await tasksOf()];
    while (trash.length + tasks.length > 0 && Date.now() < limit) {
      await sleep(100);
      [trash, tasks] = [await cluster.listTrash(place), await tasksOf()];
    }
    const images = (await ceph.rbd('ls', ceph.pool)).split('\n').filter(Boolean);
    return {
      images,
      trash,
      names: await cluster.names.list(undefined, 1000),
      snapshots: await cluster.snapshotNames.list(undefined, 1000),
      tasks,
      mounts: mountsBelow(folder),
      loops: loopsBelow(folder),
      state: filesBelow(folder, 'state'),
    };
  } finally {
    await clusters.close();
  }
}

export const NOTHING = {
  images: [],
  trash: [],
  names: [],
  snapshots: [],
  tasks: [],
  mounts: [],
  loops: [],
  state: [],
};

function filesBelow(folder: string, name: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .filter((path) => path.startsWith(`${folder}/${name}/`));
}
