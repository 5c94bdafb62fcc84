import type { ChildImage } from '../volume/details.js';
import type { Place } from '../volume/store.js';
import type { Connection } from './connection.js';
import { check, ENOENT, ERANGE } from './errno.js';
import { call, callAsync, layout, Memory } from './native.js';
import { withImageById } from './open.js';

/** Clones of an image's snapshots, of either clone format, wherever in the cluster they are. */
export function listChildren(
  connection: Connection,
  place: Place,
  imageId: string,
): Promise<readonly ChildImage[]> {
  const operation = `list the clones of image "${imageId}"`;
  return connection.inPool(
    place,
    (io) =>
      withImageById(
        io,
        imageId,
        async (image) => {
          const { size, offsets } = layout('rbd_linked_image_spec_t');
          const at = (index: number, member: string) => size * index + (offsets[member] ?? 0);
          using count = new Memory(8);
          for (let room = 16; ; room = Math.max(2 * room, Number(count.uint64(0)))) {
            using list = new Memory(size * room);
            count.setUint64(0, room);
            const result = await callAsync(
              'rbd_list_children3',
              image,
              list.address,
              count.address,
            );
            if (result === -ERANGE) continue;
            check(result, operation);
            const length = Number(count.uint64(0));
            const found = Array.from({ length }, (_, index) => ({
              pool: list.text(at(index, 'pool_name')),
              namespace: list.text(at(index, 'pool_namespace')),
              image: list.text(at(index, 'image_name')),
              imageId: list.text(at(index, 'image_id')),
              inTrash: list.copy(at(index, 'trash'), 1)[0] === 1,
            }));
            call('rbd_linked_image_spec_list_cleanup', list.address, length);
            return found;
          }
        },
        'rbd_open_by_id_read_only',
      ),
    { [ENOENT]: [] },
  );
}
