import { type Image, METADATA_PREFIX, type Swapped } from '../volume/store.js';
import type { Connection, Place } from './connection.js';
import { encodeMap, encodeText } from './encoding.js';
import { CephError, ECANCELED, ENOENT, settle } from './errno.js';
import type { IoCtx } from './native.js';
import { assertExists, exec, expect, readMap, write } from './operations.js';

/** Where librbd keeps image metadata in the map of the image's header: the key behind this, the bare value. */
const STORED = 'metadata_';
const SIZE = 'size';
const PAGE = 1024;
const EIO = 5;

/** The object that is an image's header; it keeps its name in the trash. */
export function headerOf(imageId: string): string {
  return `rbd_header.${imageId}`;
}

/** Reads size and metadata from an image's header. Throws CephError: ENOENT where there is none. */
export async function readHeader(io: IoCtx, imageId: string): Promise<Image> {
  const operation = `read the header of image "${imageId}"`;
  const prefix = STORED + METADATA_PREFIX;
  const first = await readMap(io, headerOf(imageId), operation, {
    keys: [SIZE],
    range: { prefix, after: '', limit: PAGE },
  });
  const size = first.get(SIZE);
  if (size?.length !== 8) throw new CephError(EIO, operation);
  const metadata = new Map<string, string>();
  for (const [key, value] of first)
    if (key.startsWith(prefix)) metadata.set(key.slice(STORED.length), value.toString());
  return { id: imageId, sizeBytes: size.readBigUInt64LE(), metadata };
}

/** True where an image, in the trash or not, has a header. */
export async function hasHeader(io: IoCtx, imageId: string): Promise<boolean> {
  return (await settle(readHeader(io, imageId), { [ENOENT]: undefined })) !== undefined;
}

/** Reads an image's header by its id, in the trash or not; undefined where there is none. */
export function readById(
  connection: Connection,
  place: Place,
  imageId: string,
): Promise<Image | undefined> {
  return connection.inPool(place, (io) => readHeader(io, imageId), { [ENOENT]: undefined });
}

type Values = Readonly<Record<string, string | undefined>>;

/** Changes image metadata where all that is expected is so. An empty value counts as none. */
export function swapMetadata(
  connection: Connection,
  place: Place,
  imageId: string,
  expected: Values,
  next: Values,
): Promise<Swapped | 'gone'> {
  const entries = Object.entries(next);
  const changed = entries.filter((entry): entry is [string, string] => entry[1] !== undefined);
  const removed = entries.filter(([, value]) => value === undefined).map(([key]) => key);
  const steps = [
    assertExists,
    ...Object.entries(expected).map(([key, value]) => expect(STORED + key, value)),
    ...(changed.length === 0 ? [] : [exec('rbd', 'metadata_set', encodeMap(changed))]),
    ...removed.map((key) => exec('rbd', 'metadata_remove', encodeText(key))),
  ];
  return connection.inPool(
    place,
    async (io): Promise<Swapped> => {
      await write(io, headerOf(imageId), `write the metadata of image "${imageId}"`, steps);
      return 'swapped';
    },
    { [ECANCELED]: 'differs', [ENOENT]: 'gone' } as const,
  );
}
