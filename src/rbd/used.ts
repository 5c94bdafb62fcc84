import type { UsedBytes } from '../volume/details.js';
import type { Place } from '../volume/store.js';
import type { Connection } from './connection.js';
import { CephError, check, EIO, ENOENT, settle } from './errno.js';
import { headerOf } from './header.js';
import { callAsync, type IoCtx, Memory } from './native.js';
import { objectMapOf } from './object-map.js';
import { type Opened, withImageById } from './open.js';
import { readBytes, readMap } from './operations.js';

/** So much of an image is looked at between two looks at the clock: 64 objects of the usual size. */
const SLICE_BYTES = 256n << 20n;
/** `include_parent` and `whole_object` of rbd_diff_iterate2. */
const OWN_OBJECTS = 0;
const WHOLE_OBJECTS = 1;

/** Before the bits of an object map: the length of what follows (u32), its struct (6) and the number of objects. */
const MAP_HEADER_BYTES = 18;
const OBJECTS_A_BYTE = 4;
/** No image that RBD takes has an object map beyond this. */
const MAP_MOST_BYTES = 80 << 20;

/**
 * What an image's own objects take. The object map tells it at once; without one the objects are looked for, one
 * slice after the other, until the time is over. Undefined where there is no such image.
 */
export function usedBytes(
  connection: Connection,
  place: Place,
  imageId: string,
  limitMs: number,
): Promise<UsedBytes | undefined> {
  return connection.inPool(
    place,
    async (io) => {
      const known = await fromObjectMap(io, imageId);
      if (known !== undefined) return known;
      const look = (image: Opened) => fromObjects(image, imageId, limitMs);
      return withImageById(io, imageId, look, 'rbd_open_by_id_read_only');
    },
    { [ENOENT]: undefined },
  );
}

async function fromObjectMap(io: IoCtx, imageId: string): Promise<UsedBytes | undefined> {
  if ((await objectMapOf(io, imageId)) !== 'valid') return undefined;
  const operation = `read the object map of image "${imageId}"`;
  const keys = ['size', 'order'];
  const header = await readMap(io, headerOf(imageId), operation, { keys });
  const sizeBytes = header.get('size')?.readBigUInt64LE();
  const order = header.get('order')?.[0];
  if (sizeBytes === undefined || order === undefined) throw new CephError(EIO, operation);
  const reading = readBytes(io, `rbd_object_map.${imageId}`, operation, roomFor(sizeBytes, order));
  const map = await settle(reading, { [ENOENT]: undefined });
  return map && { bytes: countUsed(map, sizeBytes, 1n << BigInt(order)), lookedAtBytes: sizeBytes };
}

/** An image that has just grown has some more objects than its header said a moment ago. */
function roomFor(sizeBytes: bigint, order: number): number {
  const objects = Number(sizeBytes >> BigInt(order)) + 1;
  return Math.min(MAP_MOST_BYTES, MAP_HEADER_BYTES + Math.ceil(objects / OBJECTS_A_BYTE));
}

/** The bytes of the objects that an object map (BitVector<2> of librbd's) has, each one counted whole. */
export function countUsed(map: Buffer, sizeBytes: bigint, objectSizeBytes: bigint): bigint {
  const objects = (sizeBytes + objectSizeBytes - 1n) / objectSizeBytes;
  let used = 0n;
  for (let index = 0; index < Number(objects); index++) {
    const byte = map[MAP_HEADER_BYTES + Math.floor(index / OBJECTS_A_BYTE)] ?? 0;
    // The first object is in the highest bits. 0: none; 1: there; 2: being removed; 3: there and clean.
    const state = (byte >> (6 - 2 * (index % OBJECTS_A_BYTE))) & 0b11;
    if (state === 0) continue;
    const last = index === Number(objects) - 1;
    used += last ? sizeBytes - objectSizeBytes * (objects - 1n) : objectSizeBytes;
  }
  return used;
}

async function fromObjects(image: Opened, imageId: string, limitMs: number): Promise<UsedBytes> {
  const operation = `look for the objects of image "${imageId}"`;
  using size = new Memory(8);
  check(await callAsync('rbd_get_size', image, size.address), operation);
  const sizeBytes = size.uint64(0);
  const end = Date.now() + limitMs;
  let bytes = 0n;
  let offset = 0n;
  while (offset < sizeBytes && Date.now() < end) {
    const left = sizeBytes - offset;
    const length = left < SLICE_BYTES ? left : SLICE_BYTES;
    const found = (_: number | bigint, extent: number | bigint, exists: number) => {
      if (exists !== 0) bytes += BigInt(extent);
      return 0;
    };
    const flags = [OWN_OBJECTS, WHOLE_OBJECTS] as const;
    const looking = callAsync(
      'rbd_diff_iterate2',
      image,
      null,
      offset,
      length,
      ...flags,
      found,
      null,
    );
    check(await looking, operation);
    offset += length;
  }
  return { bytes, lookedAtBytes: offset };
}
