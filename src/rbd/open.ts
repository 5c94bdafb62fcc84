import type { ImageSpec } from '../volume/store.js';
import { CephError, check, EAGAIN, ENOENT, settle } from './errno.js';
import { hasHeader } from './header.js';
import { named, readId } from './images.js';
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
    async () => {
      const id = await settle(readId(io, spec), { [ENOENT]: undefined });
      return id !== undefined && (await hasHeader(io, id));
    },
    work,
  );
}

/** The same by RBD's id, for writing unless told otherwise, whatever the image is called and in the trash too. */
export function withImageById<T>(
  io: IoCtx,
  imageId: string,
  work: (image: Opened) => Promise<T>,
  open: 'rbd_open_by_id' | 'rbd_open_by_id_read_only' = 'rbd_open_by_id',
): Promise<T> {
  return opened(
    (memory) => callAsync(open, io, imageId, memory.address, null),
    `open the image with the id "${imageId}"`,
    () => hasHeader(io, imageId),
    work,
  );
}

/** How often an image that is there is tried to be opened. */
const TRIES = 4;

/**
 * librbd answers ENOENT for a clone that is there, where a parent goes while it looks: one that was flattened a
 * moment ago lets go of its parent's snapshot.
 */
async function opened<T>(
  open: (memory: Memory) => Promise<number>,
  operation: string,
  isThere: () => Promise<boolean>,
  work: (image: Opened) => Promise<T>,
): Promise<T> {
  using memory = new Memory(8);
  for (let tries = 1; ; tries++) {
    const result = await open(memory);
    if (result !== -ENOENT || !(await isThere())) {
      check(result, operation);
      break;
    }
    if (tries === TRIES) throw new CephError(EAGAIN, operation);
  }
  const image = memory.handle(0, 'rbd_image_t');
  try {
    return await work(image);
  } finally {
    await callAsync('rbd_close', image);
  }
}
