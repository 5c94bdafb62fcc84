import { refuseOverQuota } from './capacity.js';
import { type Controller, mustLocate, notFound } from './controller.js';
import { fail } from './errors.js';
import { findImage } from './find.js';
import { isBeingDeleted } from './marks.js';
import { type CapacityRange, checkRange } from './size.js';
import type { Credentials } from './store.js';

/** ControllerExpandVolume: grows the image to exactly what is required. Answers its size in bytes. */
export async function expandVolume(
  controller: Controller,
  volumeId: string,
  range: CapacityRange,
  credentials: Credentials | undefined,
): Promise<bigint> {
  checkRange(range);
  const { handle, cluster } = mustLocate(controller, volumeId, credentials);
  const image = await findImage(cluster, handle);
  if (image === undefined) return notFound(handle);
  if (isBeingDeleted(image)) fail('being-deleted', { volume: volumeId });
  if (range.limitBytes > 0n && image.sizeBytes > range.limitBytes)
    fail('capacity-out-of-range', {
      problem: `the volume has ${image.sizeBytes} bytes, more than limit_bytes ${range.limitBytes}, and volumes do not shrink`,
    });
  if (image.sizeBytes >= range.requiredBytes) return image.sizeBytes;
  await refuseOverQuota(controller, cluster, handle.pool, range.requiredBytes - image.sizeBytes);
  const grown = await controller.effect('expand/grow-image', () =>
    cluster.growImage(handle, range.requiredBytes),
  );
  if (grown === 'gone') return notFound(handle);
  if (grown === 'grown') return range.requiredBytes;
  return (await findImage(cluster, handle))?.sizeBytes ?? notFound(handle);
}
