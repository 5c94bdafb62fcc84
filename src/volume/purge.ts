import type { Effect } from './effects.js';
import type { VolumeHandle } from './handle.js';
import { keyOfImageName } from './name.js';
import { DELETING_KEY, isDiscarded, recordOf } from './record.js';
import type { Cluster, Clusters } from './store.js';

type Place = Pick<VolumeHandle, 'pool' | 'namespace'>;

/** Frees the space of deleted volumes, in the background and a few at a time. */
export interface Purge {
  /** Frees one image of the trash. */
  add(cluster: Cluster, place: Place, imageId: string): void;
  /** Looks through the trash of every pool for what an earlier process left. */
  scan(): void;
  /** Begins nothing more, and waits a little for what has begun; what takes longer is found again by a scan. */
  stop(): Promise<void>;
}

/** How many images are freed at once: freeing must not crowd out what users wait for. */
const AT_ONCE = 2;
const RETRY_MS = 30_000;
const SCAN_MS = 600_000;
/** Freeing may take hours, and can be cut short at any time. */
const STOP_MS = 1_000;

export interface PurgeOptions {
  readonly clusters: Clusters;
  readonly effect: Effect;
  /** Told of what failed; the next scan tries again. */
  readonly onError: (error: unknown) => void;
}

export function startPurge({ clusters, effect, onError }: PurgeOptions): Purge {
  const waiting = new Map<string, () => Promise<void>>();
  /** What waits, is being freed or is to be tried again: scans find it too. */
  const known = new Set<string>();
  const running = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;
  let scanning: Promise<void> | undefined;

  function later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      action();
    }, ms).unref();
    timers.add(timer);
  }

  function next(): void {
    for (const [key, job] of waiting) {
      if (stopped || running.size >= AT_ONCE) return;
      waiting.delete(key);
      const run: Promise<void> = job()
        .catch(onError)
        .finally(() => {
          running.delete(run);
          next();
        });
      running.add(run);
    }
  }

  function add(cluster: Cluster, place: Place, imageId: string): void {
    const key = `${cluster.name}/${place.pool}/${place.namespace}/${imageId}`;
    if (stopped || known.has(key)) return;
    known.add(key);
    const job = async () => {
      let outcome: 'removed' | 'busy' = 'removed';
      try {
        outcome = await effect('delete/purge-image', () => cluster.purgeTrashed(place, imageId));
      } finally {
        if (outcome === 'removed') known.delete(key);
      }
      if (outcome === 'busy' && !stopped) later(RETRY_MS, () => enqueue(key, job));
    };
    enqueue(key, job);
  }

  function enqueue(key: string, job: () => Promise<void>): void {
    waiting.set(key, job);
    next();
  }

  async function scanAll(): Promise<void> {
    for (const name of clusters.names) {
      try {
        await scanCluster(clusters.get(name));
      } catch (error) {
        onError(error);
      }
    }
  }

  async function scanCluster(cluster: Cluster): Promise<void> {
    for (const pool of await cluster.listPools())
      for (const namespace of await cluster.listNamespaces(pool)) {
        const place = { pool, namespace };
        for (const { id, name, expires } of await cluster.listTrash(place)) {
          if (stopped) return;
          if (expires.getTime() > Date.now()) continue;
          if (await isDeletedVolume(cluster, place, id, name)) add(cluster, place, id);
        }
      }
  }

  function scan(): void {
    if (stopped || scanning !== undefined) return;
    scanning = scanAll().finally(() => {
      scanning = undefined;
      if (!stopped) later(SCAN_MS, scan);
    });
  }

  async function stop(): Promise<void> {
    stopped = true;
    waiting.clear();
    for (const timer of timers) clearTimeout(timer);
    const begun = Promise.allSettled([...running, scanning]);
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, STOP_MS);
    await Promise.race([begun, limit.promise]);
    clearTimeout(timer);
  }

  return { add, scan, stop };
}

/**
 * Only what Pannier put into the trash is purged: an image that a deletion marked, or that a creation threw away.
 * An operator's own trash is the operator's, a volume that `rbd trash move` put there included.
 */
async function isDeletedVolume(
  cluster: Cluster,
  place: Place,
  imageId: string,
  name: string,
): Promise<boolean> {
  const image = await cluster.readTrashed(place, imageId);
  // A purge that was cut short leaves the entry without its header: nothing but our name is left of it.
  if (image === undefined) return keyOfImageName(name) !== undefined;
  const record = recordOf(image, { cluster: cluster.name, ...place, image: name });
  return record !== undefined && (image.metadata.has(DELETING_KEY) || isDiscarded(record));
}
