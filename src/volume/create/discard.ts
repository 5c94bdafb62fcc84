import type { Controller } from '../controller.js';
import { fail } from '../errors.js';
import { findImage, findRemains } from '../find.js';
import { formatHandle, parseHandle, type VolumeHandle } from '../handle.js';
import { DELETING_KEY, DISCARDED_KEY, isDiscarded } from '../marks.js';
import { ownRecord, type PlannedVolume, parseRecord, RECORD_KEY } from '../record.js';
import type { Cluster, Image } from '../store.js';
import { taskOf } from '../work/tasks.js';
import type { Claim } from './claim.js';

/**
 * Takes away the image of a creation that never ended and that nobody was told of. It is marked first: a
 * creation that is alive after all fails to commit it, and the background work knows it by the mark.
 */
export async function discard(
  controller: Controller,
  cluster: Cluster,
  key: string,
  handle: VolumeHandle,
  image: Image,
  planned: PlannedVolume,
): Promise<void> {
  if (!isDiscarded(image) && !(await mark(controller, cluster, handle, image, planned))) return;
  const { pool, namespace } = handle;
  const now = Date.now();
  const task = taskOf({
    kind: 'image',
    ...{ pool, namespace, imageId: image.id },
    ...{ handle: formatHandle(handle), name: planned.name },
    ...{ deleted: now, until: now, begun: false },
  });
  await controller.effect('create/remember-discarded', () =>
    cluster.names.swapTask({ key, id: task.id }, undefined, task.value),
  );
  await controller.effect('create/discard-image', () =>
    cluster.trashImage(handle, image.id, new Date(now)),
  );
  controller.work.add(cluster.name, 'names', { key, ...task });
}

/** False where somebody changed the image in between. */
async function mark(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
  image: Image,
  { name }: PlannedVolume,
): Promise<boolean> {
  if (ownRecord(image) === undefined && !(await cluster.isBlank(handle)))
    fail('volume-exists', {
      name,
      volume: formatHandle(handle),
      difference: 'data in an image that no creation owns',
    });
  // One that a deletion marked since was committed by a call that asks for the same, and may be taken back.
  const expected = Object.fromEntries(
    [RECORD_KEY, DELETING_KEY].map((key) => [key, image.metadata.get(key)]),
  );
  const marked = await controller.effect('create/mark-discarded', () =>
    cluster.swapMetadata(handle, image.id, expected, { [DISCARDED_KEY]: image.id }),
  );
  return marked === 'swapped';
}

/** Takes away what the claims that this one replaced left in other places. */
export async function discardReplaced(
  controller: Controller,
  cluster: Cluster,
  key: string,
  claim: Claim,
  own: VolumeHandle,
): Promise<void> {
  for (const dead of claim.replaces) {
    const handle = parseHandle(dead.handle);
    if (handle === undefined || dead.handle === formatHandle(own)) continue;
    const { image, remains } = await awaitMaker(controller, cluster, handle);
    if (image === undefined) {
      await clearRemains(controller, cluster, handle, remains);
      continue;
    }
    const kept = image.metadata.get(RECORD_KEY);
    const record = parseRecord(kept);
    const mine = ownRecord(image);
    if (
      kept === undefined ||
      (record !== undefined && mine === undefined) ||
      mine?.claim === dead.claim ||
      isDiscarded(image)
    )
      await discard(controller, cluster, key, handle, image, claim.pending);
  }
}

/** How long a creation that is alive may have an image without a record, in milliseconds; it takes some ten. */
const HALF_MADE_MS = 1_000;
const PAUSE_MS = 50;

/** What is found under a name. */
export interface Found {
  readonly image?: Image | undefined;
  /** RBD's id of what is there instead of an image, and has been since the first look. */
  readonly remains?: string | undefined;
}

/**
 * The image that another creation made, once it has its record. One that is not finished is given time: what is
 * under the name may be half made, and Ceph may be still at work on it.
 */
export async function awaitMaker(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
): Promise<Found> {
  let remains: string | undefined;
  for (let waited = 0; ; waited += PAUSE_MS) {
    const image = await findImage(cluster, handle);
    const isMade = image !== undefined && (ownRecord(image) !== undefined || isDiscarded(image));
    if (image !== undefined && (isMade || waited >= HALF_MADE_MS)) return { image };
    if (waited >= HALF_MADE_MS) return { remains };
    // What gets the name later is of a creation that has just begun.
    if (image === undefined && waited === 0) remains = await findRemains(cluster, handle);
    await controller.wait(PAUSE_MS);
  }
}

/** Clears a name that has no image: what is left of a controller that died inside Ceph's own creation. */
export async function clearRemains(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
  remains: string | undefined,
): Promise<void> {
  if (remains !== undefined)
    await controller.effect('create/clear-remains', () => cluster.clearRemains(handle, remains));
}
