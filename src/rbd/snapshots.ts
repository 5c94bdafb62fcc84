import { VolumeError } from '../volume/errors.js';
import type { Place } from '../volume/store.js';
import type { Connection } from './connection.js';
import { FEATURES } from './declarations.js';
import { CephError, check, EAGAIN, EBUSY, EEXIST, ENOENT, ENOSPC, EROFS, settle } from './errno.js';
import { hasHeader, hasSnapshot, headerOf, listSnapshots } from './header.js';
import { FLATTEN_LOCK, SHARED, whileHolding, whileWorking } from './lock.js';
import { callAsync, type IoCtx, Memory } from './native.js';
import { type Opened, withImageById } from './open.js';
import { readBytes } from './operations.js';
import { exclusiveLockRefused } from './watchers.js';

/**
 * Takes a snapshot, through whoever has the image open: librbd asks a client that writes to hold still for it.
 * It waits for one proposal of the monitors.
 */
export function takeSnapshot(
  connection: Connection,
  place: Place,
  imageId: string,
  name: string,
): Promise<'taken' | 'exists' | 'gone'> {
  const operation = `take snapshot "${name}" of image "${imageId}"`;
  return connection.patiently(
    place,
    (io) =>
      whileWorking(io, headerOf(imageId), () =>
        withImageById(io, imageId, async (image) => {
          const has = await featuresOf(image, operation);
          const take = () => callAsync('rbd_snap_create', image, name);
          const result = has('exclusive-lock')
            ? await take()
            : await apartFromFlattening(connection, io, imageId, take);
          if (result === -EROFS)
            throw await exclusiveLockRefused(connection, io, place, imageId, operation);
          if (result === -ENOENT && (await hasHeader(io, imageId)))
            throw new CephError(EAGAIN, operation);
          check(result, operation);
          if (has('object-map')) await requireWhole(io, image, imageId, name, operation);
          return 'taken' as const;
        }),
      ),
    { [EEXIST]: 'exists', [ENOENT]: 'gone' } as const,
  );
}

async function featuresOf(image: Opened, operation: string) {
  using out = new Memory(8);
  check(await callAsync('rbd_get_features', image, out.address), operation);
  const features = out.uint64(0);
  return (feature: string) => (features & (FEATURES[feature] ?? 0n)) !== 0n;
}

/** Takes a snapshot that librbd's flattening would not learn of. Fails with being-flattened. */
function apartFromFlattening<T>(
  { cluster }: Connection,
  io: IoCtx,
  imageId: string,
  take: () => Promise<T>,
): Promise<T> {
  let taken = false;
  const taking = () => {
    taken = true;
    return take();
  };
  return whileHolding(io, headerOf(imageId), FLATTEN_LOCK, SHARED, taking).catch(
    (error: unknown) => {
      if (taken || !(error instanceof CephError) || error.errno !== EBUSY) throw error;
      throw new VolumeError('being-flattened', { image: imageId, cluster }, { cause: error });
    },
  );
}

/**
 * Fails with ENOSPC where the snapshot of an image with object maps has none: librbd passes over a full OSD
 * there, and no clone could ever be made of the snapshot.
 */
async function requireWhole(
  io: IoCtx,
  image: Opened,
  imageId: string,
  name: string,
  operation: string,
): Promise<void> {
  using out = new Memory(8);
  const known = await callAsync('rbd_snap_get_id', image, name, out.address);
  // Removed meanwhile: whoever asks looks for it.
  if (known === -ENOENT) return;
  check(known, operation);
  const map = `rbd_object_map.${imageId}.${out.uint64(0).toString(16).padStart(16, '0')}`;
  const read = readBytes(io, map, operation, 1).then(() => true);
  if (!(await settle(read, { [ENOENT]: false }))) throw new CephError(ENOSPC, operation);
}

/**
 * Removes a snapshot. librbd moves it to its trash name space first, and leaves it there where it has clones. One that
 * was cut short after that is not found by its name any more, and is removed by its number.
 */
export function removeSnapshot(
  connection: Connection,
  place: Place,
  imageId: string,
  name: string,
): Promise<'removed' | 'busy'> {
  const operation = `remove snapshot "${name}" of image "${imageId}"`;
  return connection.patiently(
    place,
    (io) =>
      whileWorking(io, headerOf(imageId), () =>
        withImageById(io, imageId, async (image) => {
          const result = await callAsync('rbd_snap_remove', image, name);
          if (result === -ENOENT && (await hasSnapshot(io, imageId, name))) return 'busy' as const;
          if (result !== -ENOENT) check(result, operation);
          else
            for (const { id } of await abandoned(io, imageId, name))
              check(await callAsync('rbd_snap_remove_by_id', image, id), operation);
          return 'removed' as const;
        }),
      ),
    { [ENOENT]: 'removed', [EBUSY]: 'busy', [EROFS]: 'busy' } as const,
  );
}

/** What removals of a snapshot of that name left in the trash name space, and no clone keeps. */
async function abandoned(io: IoCtx, imageId: string, name: string) {
  const all = await listSnapshots(io, imageId);
  return all.filter((one) => one.kind === 'trash' && one.name === name && one.clones === 0);
}
