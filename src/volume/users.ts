import type { Cluster, ImageSpec, Watcher } from './store.js';

/** How often a client is looked for before it counts: a controller lets go of its lock after the image. */
const LOOKS = 2;

/**
 * Clients that have an image open to use its data. A controller that takes a snapshot of it, grows or flattens it
 * has it open too, and says so by a lock.
 */
export async function usersOf(
  cluster: Cluster,
  spec: ImageSpec,
  imageId: string,
): Promise<readonly Watcher[]> {
  let users: readonly Watcher[] = [];
  for (let look = 0; look < LOOKS; look++) {
    const watchers = await cluster.watchers(spec);
    if (watchers.length === 0) return [];
    const workers = await cluster.workers(spec, imageId);
    users = watchers.filter(({ address }) => !workers.includes(address));
    if (users.length === 0) return [];
  }
  return users;
}
