import type { Controller } from '../controller.js';
import { fail } from '../errors.js';
import { findImage } from '../find.js';
import { formatHandle, parseHandle, type VolumeHandle } from '../handle.js';
import {
  discardedRecord,
  formatRecord,
  isDiscarded,
  ownRecord,
  type PlannedVolume,
  parseRecord,
  RECORD_KEY,
} from '../record.js';
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
  const kept = image.metadata.get(RECORD_KEY);
  if (ownRecord(image) === undefined && !(await cluster.isBlank(handle)))
    fail('volume-exists', {
      name: planned.name,
      volume: formatHandle(handle),
      difference: 'data in an image that no creation owns',
    });
  const mark = formatRecord(discardedRecord({ ...planned, handle: formatHandle(handle) }, image));
  const marked = await controller.effect('create/mark-discarded', () =>
    cluster.swapMetadata(handle, image.id, { [RECORD_KEY]: kept }, { [RECORD_KEY]: mark }),
  );
  if (marked !== 'swapped') return;
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
    const image = await findImage(cluster, handle);
    if (image === undefined) continue;
    const kept = image.metadata.get(RECORD_KEY);
    const record = parseRecord(kept);
    const mine = ownRecord(image);
    if (
      kept === undefined ||
      (record !== undefined && mine === undefined) ||
      mine?.claim === dead.claim ||
      (mine !== undefined && isDiscarded(mine))
    )
      await discard(controller, cluster, key, handle, image, claim.pending);
  }
}

/** How long a creation that is alive may have a name without an image, in milliseconds; it takes some ten. */
const HALF_MADE_MS = 1_000;

/**
 * Clears a name that Ceph says is taken and that has no image: what is left of a controller that died inside
 * Ceph's own creation. One that is alive is given time; it has told nobody of its image either.
 */
export async function clearRemains(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
): Promise<void> {
  await controller.wait(HALF_MADE_MS);
  if ((await cluster.readImage(handle)) !== undefined) return;
  await controller.effect('create/clear-remains', () => cluster.clearRemains(handle));
}
