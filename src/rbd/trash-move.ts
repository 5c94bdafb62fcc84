import type { ImageSpec } from '../volume/store.js';
import type { Connection } from './connection.js';
import { CONSTANTS } from './declarations.js';
import { DIRECTORY } from './directory.js';
import { encodeStruct, encodeText } from './encoding.js';
import { EEXIST, ENOENT, ESTALE, settle } from './errno.js';
import { hasHeader } from './header.js';
import { freeName } from './id-object.js';
import type { IoCtx } from './native.js';
import { create, exec, write } from './operations.js';
import { TRASH } from './place.js';

/**
 * Moves an image to the trash, in the steps of librbd's own move. That one frees the name without a look at whose
 * it is by then: of two controllers that delete at the same time the slower would take the name from an image made
 * anew. Here each step counts for this very image only, and the name is free after the last one, so that a move
 * that was cut short is found and repeated.
 */
export function trashImage(
  connection: Connection,
  spec: ImageSpec,
  imageId: string,
  until: Date,
): Promise<'trashed' | 'gone'> {
  return connection.inPool(spec, async (io) =>
    (await putAway(io, spec, imageId, until)) ? 'trashed' : 'gone',
  );
}

/** The steps of it. True where the name was the image's until now. */
export async function putAway(
  io: IoCtx,
  spec: ImageSpec,
  imageId: string,
  until: Date,
): Promise<boolean> {
  const operation = `move image "${spec.image}" to the trash of pool "${spec.pool}"`;
  await addToTrash(io, spec, imageId, until, operation);
  const entry = Buffer.concat([encodeText(spec.image), encodeText(imageId)]);
  const unlisting = write(io, DIRECTORY, operation, [exec('rbd', 'dir_remove_image', entry)]);
  const [isWhole] = await Promise.all([
    hasHeader(io, imageId),
    settle(unlisting, { [ENOENT]: undefined, [ESTALE]: undefined }),
  ]);
  if (!isWhole) await dropFromTrash(io, imageId, operation);
  return freeName(io, spec.image, imageId, operation);
}

function addToTrash(io: IoCtx, spec: ImageSpec, imageId: string, until: Date, operation: string) {
  const input = Buffer.concat([encodeText(imageId), trashed(spec.image, until)]);
  return settle(write(io, TRASH, operation, [create, exec('rbd', 'trash_add', input)]), {
    [EEXIST]: undefined,
  });
}

/**
 * An image that is purged already, by another controller and perhaps since this one looked, has no header, and its
 * entry would be one of nothing.
 */
function dropFromTrash(io: IoCtx, imageId: string, operation: string) {
  const steps = [exec('rbd', 'trash_remove', encodeText(imageId))];
  return settle(write(io, TRASH, operation, steps), { [ENOENT]: undefined });
}

/** Ceph's encoding of an entry of the trash, in its first version, which every release reads. */
function trashed(name: string, until: Date): Buffer {
  const source = Buffer.from([CONSTANTS.RBD_TRASH_IMAGE_SOURCE_USER]);
  // When it was put there, and until when it is kept.
  const body = Buffer.concat([source, encodeText(name), time(new Date()), time(until)]);
  return encodeStruct(1, 1, body);
}

/** Ceph's encoding of a time: seconds and nanoseconds. */
function time(date: Date): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(Math.floor(date.getTime() / 1000));
  return bytes;
}
