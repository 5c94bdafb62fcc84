import { keyOfHelper, parseClaim } from '../create/claim.js';
import { tombstoneName } from '../delete/tombstone.js';
import { parseHandle } from '../handle.js';
import { isDiscarded } from '../marks.js';
import { ownRecord } from '../record.js';
import { keyOfSnapshotName } from '../snapshot/handle.js';
import { parsePending, parseSnapshot } from '../snapshot/record.js';
import type { Cluster, Image, ImageSnapshot } from '../store.js';
import { forget, type Job, later, type Outcome } from './outcome.js';
import { type ImageTask, taskOf } from './tasks.js';

/** How often a tombstone is looked at that nothing told of. */
const TOMBSTONE_MS = 600_000;

/**
 * Frees the space of a deleted volume: out of its tombstone when no snapshot needs it any more, through the trash.
 * Only what a deletion or a creation threw away is freed: what an operator took back is left alone.
 */
export async function freeImage(job: Job<ImageTask>): Promise<Outcome> {
  const { cluster, task } = job;
  if (Date.now() < task.until) return later(task.until);
  const [name, image] = await Promise.all([
    cluster.nameOf(task, task.imageId),
    cluster.readImageById(task, task.imageId),
  ]);
  if (image !== undefined) {
    if (!isThrownAway(image, name)) return forget(job);
    if (!(await removeStrays(job))) return later(Date.now() + TOMBSTONE_MS);
  }
  const begun = await begin(job);
  return begun === undefined ? later() : purge(begun, image, name);
}

/** True for an image that has no name but its tombstone's, and for one that a creation threw away. */
function isThrownAway(image: Image, name: string | undefined): boolean {
  if (isDiscarded(image)) return true;
  return ownRecord(image) !== undefined && (name === undefined || name === tombstoneName(image.id));
}

/**
 * From here on there is no way back: whoever wants the volume again must have taken the task before. Undefined where
 * somebody has, or changed it.
 */
async function begin(job: Job<ImageTask>): Promise<Job<ImageTask> | undefined> {
  const { index, stored, task, effect } = job;
  if (task.begun) return job;
  const { value } = taskOf({ ...task, begun: true });
  const begun = await effect('work/begin-purge', () => index.swapTask(stored, stored.value, value));
  return begun === 'swapped' ? { ...job, stored: { ...stored, value } } : undefined;
}

async function purge(
  job: Job<ImageTask>,
  image: Image | undefined,
  name: string | undefined,
): Promise<Outcome> {
  const { cluster, task, effect } = job;
  // A move or a renaming that was cut short may have left the image another name besides.
  const names = new Set([name, parseHandle(task.handle)?.image, tombstoneName(task.imageId)]);
  for (const one of image === undefined ? [] : names)
    if (one !== undefined)
      await effect('work/trash-image', () =>
        cluster.trashImage({ ...task, image: one }, task.imageId, new Date()),
      );
  const removed = await effect('work/purge-image', () =>
    cluster.purgeTrashed(task, task.imageId, image?.parent),
  );
  if (removed === 'busy') return later();
  return forget(job, image?.parent === undefined ? [] : [image.parent.imageId]);
}

/**
 * Removes snapshots that nobody can ask for: those that a controller took while the volume was being deleted, and
 * died before it could take them back, and those whose removal was cut short. False where there are others, which
 * keep the image.
 */
async function removeStrays({ cluster, task, effect }: Job<ImageTask>): Promise<boolean> {
  let isFree = true;
  for (const snapshot of (await cluster.snapshots(task, task.imageId)) ?? []) {
    const isRemoved =
      (await isStray(cluster, snapshot)) &&
      (await effect('work/remove-snapshot', () =>
        cluster.removeSnapshot(task, task.imageId, snapshot.name),
      )) === 'removed';
    isFree &&= isRemoved;
  }
  return isFree;
}

/** True for a snapshot of ours that no entry of an index knows. */
async function isStray(
  { names, snapshotNames }: Cluster,
  { name, kind, clones }: ImageSnapshot,
): Promise<boolean> {
  if (kind === 'trash') return clones === 0;
  if (kind !== 'user') return false;
  const ofClaim = keyOfHelper(name);
  if (ofClaim !== undefined) {
    const claim = parseClaim(await names.read(ofClaim));
    return claim?.helper?.snapshot !== name;
  }
  const key = keyOfSnapshotName(name);
  if (key === undefined) return false;
  const entry = await snapshotNames.read(key);
  return (parseSnapshot(entry) ?? parsePending(entry))?.snapshot !== name;
}
