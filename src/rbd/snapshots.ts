import type { Place } from '../volume/store.js';
import type { Connection } from './connection.js';
import { check, EBUSY, EEXIST, ENOENT } from './errno.js';
import { headerOf, listSnapshots } from './header.js';
import { whileWorking } from './lock.js';
import { callAsync, type IoCtx } from './native.js';
import { withImageById } from './open.js';

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
          check(await callAsync('rbd_snap_create', image, name), operation);
          return 'taken' as const;
        }),
      ),
    { [EEXIST]: 'exists', [ENOENT]: 'gone' } as const,
  );
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
          if (result !== -ENOENT) check(result, operation);
          else
            for (const { id } of await abandoned(io, imageId, name))
              check(await callAsync('rbd_snap_remove_by_id', image, id), operation);
          return 'removed' as const;
        }),
      ),
    { [ENOENT]: 'removed', [EBUSY]: 'busy' } as const,
  );
}

/** What removals of a snapshot of that name left in the trash name space, and no clone keeps. */
async function abandoned(io: IoCtx, imageId: string, name: string) {
  const all = await listSnapshots(io, imageId);
  return all.filter((one) => one.kind === 'trash' && one.name === name && one.clones === 0);
}
