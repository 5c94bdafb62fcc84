import { tombstoneName } from '../delete/tombstone.js';
import { isBeingDeleted } from '../marks.js';
import { isDiscarded, ownRecord } from '../record.js';
import { keyOfSnapshotName } from '../snapshot/handle.js';
import { parsePending, parseSnapshot } from '../snapshot/record.js';
import type { Image, ImageSnapshot } from '../store.js';
import { forget, type Job, later, type Outcome } from './outcome.js';
import { type ImageTask, taskOf } from './tasks.js';

/** How often a tombstone is looked at that nothing told of. */
const TOMBSTONE_MS = 600_000;

/**
 * Frees the space of a deleted volume: out of its tombstone when no snapshot needs it any more, through the trash.
 * Only what a deletion or a creation threw away is freed: what an operator took back, or put there, is left alone.
 */
export async function freeImage(job: Job<ImageTask>): Promise<Outcome> {
  const { cluster, task, effect } = job;
  if (Date.now() < task.until) return later(task.until);
  const [name, image] = await Promise.all([
    cluster.nameOf(task, task.imageId),
    cluster.readImageById(task, task.imageId),
  ]);
  if (image !== undefined && !isThrownAway(image)) return forget(job);
  if (name !== undefined && image !== undefined) {
    const buried = name === tombstoneName(task.imageId);
    if (!buried && !isOurDiscard(image)) return forget(job);
    const snapshots = await cluster.snapshots(task, task.imageId);
    if (buried && snapshots !== undefined && snapshots.length > 0)
      return later(Date.now() + TOMBSTONE_MS);
    await effect('work/trash-image', () =>
      cluster.trashImage({ ...task, image: name }, task.imageId, new Date()),
    );
  }
  return purge(job, image);
}

/** True for an image that a deletion marked, or that a creation threw away. */
export function isThrownAway(image: Image): boolean {
  return (ownRecord(image) !== undefined && isBeingDeleted(image)) || isOurDiscard(image);
}

function isOurDiscard(image: Image): boolean {
  const record = ownRecord(image);
  return record !== undefined && isDiscarded(record);
}

async function purge(job: Job<ImageTask>, image: Image | undefined): Promise<Outcome> {
  const { cluster, index, task, effect } = job;
  let { stored } = job;
  if (!task.begun) {
    // From here on there is no way back: whoever wants the volume again must have taken the task before.
    const { value } = taskOf({ ...task, begun: true });
    const begun = await effect('work/begin-purge', () =>
      index.swapTask(stored, stored.value, value),
    );
    if (begun !== 'swapped') return later();
    stored = { ...stored, value };
  }
  if (image !== undefined && !(await removeStrays(job))) return later();
  const removed = await effect('work/purge-image', () =>
    cluster.purgeTrashed(task, task.imageId, image?.parent),
  );
  if (removed === 'busy') return later();
  return forget({ ...job, stored }, image?.parent === undefined ? [] : [image.parent.imageId]);
}

/**
 * Removes snapshots that a controller took while the volume was being deleted, and died before it could take them
 * back. False where there are others, which keep the image.
 */
async function removeStrays({ cluster, task, effect }: Job<ImageTask>): Promise<boolean> {
  const snapshots = (await cluster.snapshots(task, task.imageId)) ?? [];
  for (const snapshot of snapshots) {
    if (!(await isStray(cluster.snapshotNames.read, snapshot))) return false;
    const removed = await effect('work/remove-snapshot', () =>
      cluster.removeSnapshot(task, task.imageId, snapshot.name),
    );
    if (removed === 'busy') return false;
  }
  return true;
}

/** True for a snapshot of ours that no entry of the index knows. */
async function isStray(
  read: (key: string) => Promise<string | undefined>,
  { name, kind }: ImageSnapshot,
): Promise<boolean> {
  const key = keyOfSnapshotName(name);
  if (kind !== 'user' || key === undefined) return false;
  const entry = await read(key);
  return (parseSnapshot(entry) ?? parsePending(entry))?.snapshot !== name;
}
