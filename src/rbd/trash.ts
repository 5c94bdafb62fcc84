import type { Parent, Place, TrashedImage } from '../volume/store.js';
import type { Connection } from './connection.js';
import { CONSTANTS } from './declarations.js';
import { check, EBUSY, ENOENT, ENOTEMPTY, ERANGE } from './errno.js';
import { hasHeader } from './header.js';
import { whileWorkingOnParent } from './lock.js';
import { call, callAsync, layout, Memory } from './native.js';

/**
 * Frees a trashed image's space. librbd opens the parent of a clone, whose snapshot may go with it. It takes as long
 * as the image has objects, in no call's place.
 */
export function purgeTrashed(
  connection: Connection,
  place: Place,
  imageId: string,
  parent: Parent | undefined,
): Promise<'removed' | 'busy'> {
  const operation = `remove image "${imageId}" from the trash of pool "${place.pool}"`;
  return connection.inBackground(
    place,
    (io, session) =>
      whileWorkingOnParent(session, parent, async () => {
        // Until when it is kept is looked at by who asks.
        const result = await callAsync('rbd_trash_remove', io, imageId, true);
        // It answers ENOENT too where a parent goes while it looks (src/rbd/open.ts).
        if (result === -ENOENT && (await hasHeader(io, imageId))) return 'busy' as const;
        check(result, operation);
        return 'removed' as const;
      }),
    { [ENOENT]: 'removed', [EBUSY]: 'busy', [ENOTEMPTY]: 'busy' } as const,
  );
}

/** Images that a user put into the trash; those of mirroring, migration and a removal under way are not. */
export function listTrash(connection: Connection, place: Place): Promise<readonly TrashedImage[]> {
  const operation = `list the trash of pool "${place.pool}"`;
  return connection.inPool(place, async (io) => {
    const { size, offsets } = layout('rbd_trash_image_info_t');
    const at = (index: number, member: string) => size * index + (offsets[member] ?? 0);
    using count = new Memory(8);
    for (let room = 64; ; room = Math.max(2 * room, Number(count.uint64(0)))) {
      using list = new Memory(size * room);
      count.setUint64(0, room);
      const result = await callAsync('rbd_trash_list', io, list.address, count.address);
      if (result === -ERANGE) continue;
      check(result, operation);
      const length = Number(count.uint64(0));
      const found: TrashedImage[] = [];
      for (let index = 0; index < length; index += 1) {
        if (list.int32(at(index, 'source')) !== CONSTANTS.RBD_TRASH_IMAGE_SOURCE_USER) continue;
        found.push({
          id: list.text(at(index, 'id')),
          name: list.text(at(index, 'name')),
          expires: new Date(Number(list.int64(at(index, 'deferment_end_time'))) * 1000),
        });
      }
      call('rbd_trash_list_cleanup', list.address, length);
      return found;
    }
  });
}
