import { VolumeError } from '../volume/errors.js';
import type { Place } from '../volume/store.js';
import { LIMITS } from './access.js';
import type { Connection } from './connection.js';
import { FEATURES } from './declarations.js';
import { CephError, check, EAGAIN, EBUSY, EEXIST, ENOENT, ENOSPC, EROFS, settle } from './errno.js';
import { hasHeader, hasSnapshot, headerOf, listSnapshots } from './header.js';
import { FLATTEN_LOCK, SHARED, whileHolding, whileWorking } from './lock.js';
import { callAsync, type IoCtx, Memory } from './native.js';
import { type Opened, withImageById } from './open.js';
import { readBytes } from './operations.js';
import { exclusiveLockRefused, refuseOwnLock } from './watchers.js';

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
    (io, session) =>
      whileWorking(io, headerOf(imageId), () =>
        withImageById(io, imageId, async (image) => {
          const has = await featuresOf(image, operation);
          const take = () => callAsync('rbd_snap_create', image, name);
          const began = performance.now();
          const result = has('exclusive-lock')
            ? await take()
            : await apartFromFlattening(connection, io, imageId, take);
          const cutShort = result === -EEXIST || performance.now() - began >= LIMITS.osd * 1000;
          if (result === -EROFS) await exclusiveLockRefused(io, session, place, imageId, operation);
          if (result === -ENOENT && (await hasHeader(io, imageId)))
            throw new CephError(EAGAIN, operation);
          if (result !== -EEXIST) check(result, operation);
          if (has('object-map') && !(await isWhole(io, image, imageId, name, operation))) {
            if (!cutShort) throw new CephError(ENOSPC, operation);
            throw new VolumeError('snapshot-cut-short', { cluster: connection.cluster, operation });
          }
          return result === -EEXIST ? ('exists' as const) : ('taken' as const);
        }),
      ),
    { [ENOENT]: 'gone' } as const,
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
 * Whether the snapshot of an image with object maps has one: librbd passes over an OSD that is full there, or that does
 * not answer, and no clone could ever be made of the snapshot.
 */
export async function isWhole(
  io: IoCtx,
  image: Opened,
  imageId: string,
  name: string,
  operation: string,
): Promise<boolean> {
  using out = new Memory(8);
  const known = await callAsync('rbd_snap_get_id', image, name, out.address);
  // Removed meanwhile, here and below: whoever asks looks for it.
  if (known === -ENOENT) return true;
  check(known, operation);
  const map = `rbd_object_map.${imageId}.${out.uint64(0).toString(16).padStart(16, '0')}`;
  const read = readBytes(io, map, operation, 1).then(() => true);
  return (await settle(read, { [ENOENT]: false })) || !(await hasSnapshot(io, imageId, name));
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
    (io, session) =>
      whileWorking(io, headerOf(imageId), () =>
        withImageById(io, imageId, async (image) => {
          const result = await callAsync('rbd_snap_remove', image, name);
          if (result === -EROFS) await refuseOwnLock(io, session, imageId, operation);
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
