import { VolumeError } from '../volume/errors.js';
import type { Place } from '../volume/store.js';
import type { Connection } from './connection.js';
import { check, EBUSY, EEXIST, ENOENT, EROFS } from './errno.js';
import { headerOf } from './header.js';
import { whileWorking } from './lock.js';
import { callAsync } from './native.js';
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
          const result = await callAsync('rbd_snap_create', image, name);
          if (result === -EROFS) {
            const volume = [connection.cluster, place.pool, place.namespace, imageId];
            const users = 'a client that has it for itself, as `rbd map -o exclusive` does';
            const words = { volume: volume.filter(Boolean).join('/'), users };
            throw new VolumeError('volume-in-use', words);
          }
          check(result, operation);
          return 'taken' as const;
        }),
      ),
    { [EEXIST]: 'exists', [ENOENT]: 'gone' } as const,
  );
}

/** Removes a snapshot; where it has clones, librbd moves it to its trash name space instead. */
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
          check(await callAsync('rbd_snap_remove', image, name), operation);
          return 'removed' as const;
        }),
      ),
    { [ENOENT]: 'removed', [EBUSY]: 'busy', [EROFS]: 'busy' } as const,
  );
}
