import type { Controller } from './controller.js';
import { fail } from './errors.js';
import { findImage } from './find.js';
import { formatHandle, parseHandle, type VolumeHandle } from './handle.js';
import {
  type Claim,
  discardedRecord,
  formatRecord,
  isDiscarded,
  parseRecord,
  RECORD_KEY,
  type VolumeRecord,
} from './record.js';
import type { Cluster, Image } from './store.js';

/**
 * Takes away the image of a creation that never ended and that nobody was told of. It is marked first: a
 * creation that is alive after all fails to commit it, and the purge knows it by the mark.
 */
export async function discard(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
  image: Image,
  record: VolumeRecord,
): Promise<void> {
  const kept = image.metadata.get(RECORD_KEY);
  if (kept === undefined && !(await cluster.isBlank(handle)))
    fail('volume-exists', {
      name: record.name,
      volume: formatHandle(handle),
      difference: 'data in an image that no creation owns',
    });
  const marked = await cluster.swapMetadata(
    handle,
    image.id,
    { [RECORD_KEY]: kept },
    { [RECORD_KEY]: formatRecord(discardedRecord({ ...record, handle: formatHandle(handle) })) },
  );
  if (marked !== 'swapped') return;
  await controller.effect('create/discard-image', () => cluster.trashImage(handle, image.id));
  controller.purge.add(cluster, handle, image.id);
}

/** Takes away what the claims that this one replaced left in other places. */
export async function discardReplaced(
  controller: Controller,
  cluster: Cluster,
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
    if (kept === undefined || record?.claim === dead.claim || (record && isDiscarded(record)))
      await discard(controller, cluster, handle, image, claim.pending);
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
