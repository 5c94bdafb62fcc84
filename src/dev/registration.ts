import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { openClusters } from '../rbd/clusters.js';
import type { CephAccess } from './ceph/cluster.js';
import { DevError } from './errors.js';
import type { DevLayout } from './layout.js';
import { CLUSTER, pluginPid } from './plugin.js';

const LIMIT_MS = 30_000;
const POLL_MS = 50;

/**
 * Waits until this node stands in the cluster's registry: no volume can be published to it before. It is read
 * with the user, the key and the pool that everybody else is told to use, which shows that they work.
 */
export async function waitForNode(
  layout: DevLayout,
  ceph: CephAccess,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { conf, user, keyFile, pool } = ceph;
  const settings = { name: CLUSTER, conf, monitors: [], user, key: undefined, keyFile, pool };
  const clusters = openClusters([settings]);
  try {
    const cluster = clusters.get(CLUSTER);
    const deadline = performance.now() + LIMIT_MS;
    while ((await cluster.readNode(hostname())) === undefined) {
      if (pluginPid(layout) === undefined || performance.now() > deadline)
        throw new DevError('the plugin did not register its node', `See ${layout.log}.`);
      await sleep(POLL_MS, undefined, { signal });
    }
  } finally {
    await clusters.close();
  }
}
