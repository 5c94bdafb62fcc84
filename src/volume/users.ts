import type { Cluster, ImageSpec, Watcher } from './store.js';

/**
 * How often a client is looked for before it counts: controllers that work on an image come and go between the two
 * looks that each takes.
 */
const LOOKS = 3;

/**
 * Clients that have an image open to use its data. A controller that takes a snapshot of it, grows or flattens it
 * has it open too, and says so by a lock.
 */
export async function usersOf(
  cluster: Cluster,
  spec: ImageSpec,
  imageId: string,
): Promise<readonly Watcher[]> {
  let users: readonly Watcher[] | undefined;
  for (let look = 0; look < LOOKS; look++) {
    const watchers = await cluster.watchers(spec);
    if (watchers.length === 0) return [];
    const workers = await cluster.workers(spec, imageId);
    const before = users?.map(({ address }) => address);
    users = watchers.filter(
      ({ address }) => !workers.includes(address) && (before?.includes(address) ?? true),
    );
    if (users.length === 0) return [];
  }
  return users ?? [];
}
