import type { Place } from '../volume/store.js';
import { type Image, type ImageSnapshot, METADATA_PREFIX, type Parent } from '../volume/store.js';
import type { Connection } from './connection.js';
import { decodeParent, decodeSnapshot } from './decode.js';
import { CephError, EIO, ENOENT, settle } from './errno.js';
import type { IoCtx } from './native.js';
import { readMap } from './operations.js';
import type { Session } from './session.js';

/** Where librbd keeps image metadata in the map of the image's header: the key behind this, the bare value. */
export const STORED = 'metadata_';
const SIZE = 'size';
const PARENT = 'parent';
const SNAPSHOT = 'snapshot_';
const PAGE = 1024;

/** The object that is an image's header; it keeps its name in the trash. */
export function headerOf(imageId: string): string {
  return `rbd_header.${imageId}`;
}

/** Reads size, metadata and parent from an image's header. Throws CephError: ENOENT where there is none. */
export async function readHeader(session: Session, io: IoCtx, imageId: string): Promise<Image> {
  const operation = `read the header of image "${imageId}"`;
  const prefix = STORED + METADATA_PREFIX;
  const first = await readMap(io, headerOf(imageId), operation, {
    keys: [SIZE, PARENT],
    range: { prefix, after: '', limit: PAGE },
  });
  const size = first.get(SIZE);
  if (size?.length !== 8) throw new CephError(EIO, operation);
  const metadata = new Map<string, string>();
  for (const [key, value] of first)
    if (key.startsWith(prefix)) metadata.set(key.slice(STORED.length), value.toString());
  const parent = await readParent(session, first.get(PARENT), operation);
  return { id: imageId, sizeBytes: size.readBigUInt64LE(), metadata, parent };
}

async function readParent(
  session: Session,
  bytes: Buffer | undefined,
  operation: string,
): Promise<Parent | undefined> {
  if (bytes === undefined) return undefined;
  const found = decoded(bytes, decodeParent, operation);
  if (found === undefined) return undefined;
  const { poolId, ...parent } = found;
  return { pool: await session.poolName(poolId), ...parent };
}

function decoded<T>(bytes: Buffer, decode: (bytes: Buffer) => T, operation: string): T {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw new CephError(EIO, operation);
    throw error;
  }
}

/** True where an image, in the trash or not, has a header. */
export async function hasHeader(io: IoCtx, imageId: string): Promise<boolean> {
  const operation = `look for the header of image "${imageId}"`;
  const reading = readMap(io, headerOf(imageId), operation, { keys: [SIZE] });
  return (await settle(reading, { [ENOENT]: undefined })) !== undefined;
}

/** Reads an image's header by its id, in the trash or not; undefined where there is none. */
export function readById(
  connection: Connection,
  place: Place,
  imageId: string,
): Promise<Image | undefined> {
  return connection.inPool(place, (io, session) => readHeader(session, io, imageId), {
    [ENOENT]: undefined,
  });
}

/** An image's snapshots, the oldest first; undefined where there is no such image. */
export function readSnapshots(
  connection: Connection,
  place: Place,
  imageId: string,
): Promise<readonly ImageSnapshot[] | undefined> {
  return connection.inPool(place, (io) => listSnapshots(io, imageId), { [ENOENT]: undefined });
}

/** The same. Throws CephError: ENOENT where there is no such image. */
export async function listSnapshots(io: IoCtx, imageId: string): Promise<readonly ImageSnapshot[]> {
  const operation = `read the snapshots of image "${imageId}"`;
  const found: ImageSnapshot[] = [];
  for (let after = ''; ; ) {
    const range = { prefix: SNAPSHOT, after, limit: PAGE };
    const page = await readMap(io, headerOf(imageId), operation, { range });
    for (const [key, value] of page) {
      found.push(decoded(value, decodeSnapshot, operation));
      after = key;
    }
    // The OSD may answer fewer than were asked for: there is no more when it answers none.
    if (page.size === 0) return found;
  }
}

/** True where an image has a snapshot of that name which nobody has deleted. */
export async function hasSnapshot(io: IoCtx, imageId: string, snapshot: string): Promise<boolean> {
  const all = await settle(listSnapshots(io, imageId), { [ENOENT]: [] });
  return all.some(({ name, kind }) => name === snapshot && kind === 'user');
}
