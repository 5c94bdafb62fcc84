import type { Parent, Place } from '../volume/store.js';
import type { Connection } from './connection.js';
import { check, EBUSY, EINVAL, ENOENT, EROFS } from './errno.js';
import { hasHeader, headerOf } from './header.js';
import {
  EXCLUSIVE,
  FLATTEN_LOCK,
  whileHolding,
  whileWorking,
  whileWorkingOnParent,
} from './lock.js';
import { callAsync, type IoCtx } from './native.js';
import { distrustObjectMap, objectMapOf, rebuildObjectMap } from './object-map.js';
import { withImageById } from './open.js';
import { refuseOwnLock } from './watchers.js';

/**
 * Copies into a clone what it has of its parent. It takes as long as the parent is large, in no call's place; what
 * is copied stays copied, so that one that was cut short goes on where it was.
 *
 * The object map says of an object that it is there before it is, and librbd copies none of which it says so. Where
 * a client died between the two, one that flattened or that wrote, the object would be lost
 * (https://tracker.ceph.com/issues/68998): the map is marked as invalid first, and rebuilt when all is copied.
 */
export function flattenImage(
  connection: Connection,
  place: Place,
  imageId: string,
  parent: Parent | undefined,
  onProgress: (percent: number) => void,
): Promise<'flattened' | 'gone' | 'busy'> {
  const operation = `flatten image "${imageId}"`;
  const tell = (done: number | bigint, total: number | bigint) => {
    if (Number(total) > 0) onProgress(Math.floor((100 * Number(done)) / Number(total)));
    return 0;
  };
  return connection.inBackground(
    place,
    (io, session) =>
      whileWorkingOnParent(session, parent, () =>
        whileFlattening(io, headerOf(imageId), async () => {
          const map = await objectMapOf(io, imageId);
          const isDistrusted = map === 'invalid' || (map === 'valid' && parent !== undefined);
          if (map === 'valid' && isDistrusted) await distrustObjectMap(io, imageId);
          return withImageById(io, imageId, async (image) => {
            const result = await callAsync('rbd_flatten_with_progress', image, tell, null);
            if (result === -EROFS) await refuseOwnLock(io, session, imageId, operation);
            if (result === -ENOENT && (await hasHeader(io, imageId))) return 'busy' as const;
            // It has no parent any more.
            if (result !== -EINVAL) check(result, operation);
            if (isDistrusted) await rebuildObjectMap(image, imageId);
            return 'flattened' as const;
          });
        }),
      ),
    { [ENOENT]: 'gone', [EBUSY]: 'busy', [EROFS]: 'busy' } as const,
  );
}

/** The image is opened under the lock, so that librbd knows of all its snapshots. */
function whileFlattening<T>(io: IoCtx, header: string, work: () => Promise<T>): Promise<T> {
  return whileWorking(io, header, () => whileHolding(io, header, FLATTEN_LOCK, EXCLUSIVE, work));
}
