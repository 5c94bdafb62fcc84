import type { ImageSpec } from '../volume/store.js';
import type { Connection } from './connection.js';
import { CephError, check, EBUSY, EINVAL, ENOENT, EROFS } from './errno.js';
import { headerOf } from './header.js';
import { tooLarge } from './image-options.js';
import { named, readId } from './images.js';
import { GROW_LOCK, withLock } from './lock.js';
import { callAsync, Memory } from './native.js';
import { type Opened, withImage } from './open.js';
import { exclusiveLockRefused } from './watchers.js';

/**
 * Grows an image and never shrinks it. librbd compares with the size that it read when it opened the image, so
 * without the feature exclusive-lock two controllers could cross: a lock of our own keeps them in line.
 */
export function growImage(
  connection: Connection,
  spec: ImageSpec,
  sizeBytes: bigint,
): Promise<'grown' | 'larger' | 'gone'> {
  return connection.inPool(
    spec,
    async (io, session) => {
      const imageId = await readId(io, spec);
      const refused = (operation: string) =>
        exclusiveLockRefused(io, session, spec, imageId, operation);
      return await withLock(io, headerOf(imageId), GROW_LOCK, () =>
        withImage(io, spec, 'rbd_open', (image) => grow(image, spec, sizeBytes, refused)),
      );
    },
    { [ENOENT]: 'gone' } as const,
  );
}

async function grow(
  image: Opened,
  spec: ImageSpec,
  sizeBytes: bigint,
  refused: (operation: string) => Promise<never>,
): Promise<'grown' | 'larger'> {
  const operation = `resize ${named(spec)}`;
  using size = new Memory(8);
  check(await callAsync('rbd_get_size', image, size.address), operation);
  if (size.uint64(0) >= sizeBytes) return 'larger';
  const result = await callAsync('rbd_resize2', image, sizeBytes, false, null, null);
  if (result === -EINVAL) {
    // Another client grew it further meanwhile, or else no image can have that size.
    check(await callAsync('rbd_get_size', image, size.address), operation);
    if (size.uint64(0) >= sizeBytes) return 'larger';
    tooLarge(sizeBytes, new CephError(EINVAL, operation));
  }
  if (result === -EROFS || result === -EBUSY) await refused(operation);
  check(result, operation);
  return 'grown';
}
