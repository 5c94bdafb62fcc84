import type { ImageSpec } from '../volume/store.js';
import { check } from './errno.js';
import { named } from './images.js';
import { callAsync, type Handle, type IoCtx, Memory } from './native.js';

export type Opened = Handle<'rbd_image_t'>;

/** Opens an image, works with it and closes it. Throws CephError: ENOENT where there is none. */
export function withImage<T>(
  io: IoCtx,
  spec: ImageSpec,
  open: 'rbd_open' | 'rbd_open_read_only',
  work: (image: Opened) => Promise<T>,
): Promise<T> {
  return opened(
    (memory) => callAsync(open, io, spec.image, memory.address, null),
    `open ${named(spec)}`,
    work,
  );
}

/** The same for writing, by RBD's id, whatever the image is called and in the trash too. */
export function withImageById<T>(
  io: IoCtx,
  imageId: string,
  work: (image: Opened) => Promise<T>,
): Promise<T> {
  return opened(
    (memory) => callAsync('rbd_open_by_id', io, imageId, memory.address, null),
    `open the image with the id "${imageId}"`,
    work,
  );
}

async function opened<T>(
  open: (memory: Memory) => Promise<number>,
  operation: string,
  work: (image: Opened) => Promise<T>,
): Promise<T> {
  using memory = new Memory(8);
  check(await open(memory), operation);
  const image = memory.handle(0, 'rbd_image_t');
  try {
    return await work(image);
  } finally {
    await callAsync('rbd_close', image);
  }
}
