import { FEATURES } from './declarations.js';
import { CephError, check, EINVAL, EIO, ETIMEDOUT } from './errno.js';
import { headerOf } from './header.js';
import { callAsync, type IoCtx } from './native.js';
import type { Opened } from './open.js';
import { assertExists, exec, readMap, write } from './operations.js';

const FLAGS = 'flags';
const FEATURE_BITS = 'features';
/** librbd's flags of a header: the object map is not to be trusted, nor what it says of changes. */
const INVALID = 0b11n;
/** How long clients that have the image open are waited for until they have read its header anew. */
const NOTIFY_MS = 5_000;

/** What an image's header says of its object map. */
export async function objectMapOf(
  io: IoCtx,
  imageId: string,
): Promise<'none' | 'valid' | 'invalid'> {
  const operation = `read the header of image "${imageId}"`;
  const keys = [FEATURE_BITS, FLAGS];
  const found = await readMap(io, headerOf(imageId), operation, { keys });
  const [features, flags = 0n] = keys.map((key) => {
    const bytes = found.get(key);
    if (bytes !== undefined && bytes.length !== 8) throw new CephError(EIO, operation);
    return bytes?.readBigUInt64LE();
  });
  if (((features ?? 0n) & (FEATURES['object-map'] ?? 0n)) === 0n) return 'none';
  return (flags & INVALID) === 0n ? 'valid' : 'invalid';
}

/** From here on nobody trusts an image's object map, until it is rebuilt. */
export async function distrustObjectMap(io: IoCtx, imageId: string): Promise<void> {
  const operation = `mark the object map of image "${imageId}" as invalid`;
  const input = Buffer.alloc(16);
  input.writeBigUInt64LE(INVALID, 0);
  input.writeBigUInt64LE(INVALID, 8);
  const header = headerOf(imageId);
  await write(io, header, operation, [assertExists, exec('rbd', 'set_flags', input)]);
  // No words mean that the header has changed.
  const nothing = Buffer.alloc(0);
  const told = await callAsync('rados_notify2', io, header, nothing, 0, NOTIFY_MS, null, null);
  if (told !== -ETIMEDOUT) check(told, operation);
}

/** Looks at every object. What clients write meanwhile is told rightly too. */
export async function rebuildObjectMap(image: Opened, imageId: string): Promise<void> {
  const result = await callAsync('rbd_rebuild_object_map', image, () => 0, null);
  // Somebody took the feature away meanwhile.
  if (result === -EINVAL) return;
  check(result, `rebuild the object map of image "${imageId}"`);
}
