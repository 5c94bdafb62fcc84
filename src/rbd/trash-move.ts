import type { ImageSpec } from '../volume/store.js';
import type { Connection } from './connection.js';
import { encodeText } from './encoding.js';
import { CephError, EEXIST, ENOENT, ESTALE, settle } from './errno.js';
import { watchers } from './images.js';
import { hasHeader } from './metadata.js';
import { CONSTANTS, type IoCtx } from './native.js';
import {
  assertExists,
  CONTENT_DIFFERS,
  create,
  exec,
  expectContent,
  removeObject,
  write,
} from './operations.js';
import { TRASH } from './place.js';

/** librbd's directory of a pool's images, from names to ids and back. */
export const DIRECTORY = 'rbd_directory';

/**
 * Moves an image to the trash, from where it may be removed at once, in the steps of librbd's own move. That one
 * frees the name without a look at whose it is by then: of two controllers that delete at the same time the
 * slower would take the name from an image made anew. Here each step counts for this very image only, and the
 * name is free after the last one, so that a move that was cut short is found and repeated.
 */
export async function trashImage(
  connection: Connection,
  spec: ImageSpec,
  imageId: string,
): Promise<'trashed' | 'gone' | 'busy'> {
  if ((await watchers(connection, spec)).length > 0) return 'busy';
  return connection.inPool(spec, async (io) =>
    (await putAway(io, spec, imageId)) ? 'trashed' : 'gone',
  );
}

/** The steps of it. True where the name was the image's until now. */
export async function putAway(io: IoCtx, spec: ImageSpec, imageId: string): Promise<boolean> {
  const operation = `move image "${spec.image}" to the trash of pool "${spec.pool}"`;
  if (await hasHeader(io, imageId)) await addToTrash(io, spec, imageId, operation);
  const entry = Buffer.concat([encodeText(spec.image), encodeText(imageId)]);
  await settle(write(io, DIRECTORY, operation, [exec('rbd', 'dir_remove_image', entry)]), {
    [ENOENT]: undefined,
    [ESTALE]: undefined,
  });
  return freeName(io, spec, imageId, operation);
}

/** An image that was purged already has no header, and an entry in the trash would be one of nothing. */
function addToTrash(io: IoCtx, spec: ImageSpec, imageId: string, operation: string) {
  const input = Buffer.concat([encodeText(imageId), trashed(spec.image)]);
  return settle(write(io, TRASH, operation, [create, exec('rbd', 'trash_add', input)]), {
    [EEXIST]: undefined,
  });
}

async function freeName(
  io: IoCtx,
  spec: ImageSpec,
  imageId: string,
  operation: string,
): Promise<boolean> {
  try {
    await write(io, `rbd_id.${spec.image}`, operation, [
      assertExists,
      expectContent(encodeText(imageId)),
      removeObject,
    ]);
    return true;
  } catch (error) {
    if (error instanceof CephError && (error.errno === ENOENT || error.errno >= CONTENT_DIFFERS))
      return false;
    throw error;
  }
}

/** Ceph's encoding of an entry of the trash, in its first version, which every release reads. */
function trashed(name: string): Buffer {
  const now = Buffer.alloc(8);
  now.writeUInt32LE(Math.floor(Date.now() / 1000));
  const source = Buffer.from([CONSTANTS.RBD_TRASH_IMAGE_SOURCE_USER]);
  // When it was put there, and until when it is kept.
  const body = Buffer.concat([source, encodeText(name), now, now]);
  const head = Buffer.alloc(6);
  head.writeUInt8(1, 0);
  head.writeUInt8(1, 1);
  head.writeUInt32LE(body.length, 2);
  return Buffer.concat([head, body]);
}
