import type { ImageSpec, Place, Watcher } from '../volume/store.js';
import type { Connection } from './connection.js';
import { check, ENOENT, ERANGE } from './errno.js';
import { headerOf } from './header.js';
import { named } from './images.js';
import { GROW_LOCK, lockers, WORK_LOCK } from './lock.js';
import { call, callAsync, layout as layoutOf, Memory } from './native.js';
import { type Opened, withImage } from './open.js';

/** Clients that watch the image's header; one that only reads does not. */
export function watchers(connection: Connection, spec: ImageSpec): Promise<readonly Watcher[]> {
  return connection.inPool(
    spec,
    (io) =>
      withImage(io, spec, 'rbd_open_read_only', (image) =>
        listWatchers(image, `list the watchers of ${named(spec)}`),
      ),
    { [ENOENT]: [] },
  );
}

async function listWatchers(image: Opened, operation: string): Promise<readonly Watcher[]> {
  const { size, offsets } = layoutOf('rbd_image_watcher_t');
  for (let room = 8; ; room *= 2) {
    using count = new Memory(8);
    using list = new Memory(size * room);
    count.setUint64(0, room);
    const result = await callAsync('rbd_watchers_list', image, list.address, count.address);
    if (result === -ERANGE) continue;
    check(result, operation);
    const length = Number(count.uint64(0));
    const found = Array.from({ length }, (_, index) => ({
      address: bare(list.text(size * index + (offsets.addr ?? 0))),
      clientId: list.int64(size * index + (offsets.id ?? 0)),
    }));
    call('rbd_watchers_list_cleanup', list.address, length);
    return found;
  }
}

/** An address without the protocol that some versions of Ceph put before it. */
export function bare(address: string): string {
  return address.replace(/^(v1|v2|any):/, '');
}

/** Addresses of the controllers that have an image open to work on it, from the locks that they hold meanwhile. */
export function workers(
  connection: Connection,
  place: Place,
  imageId: string,
): Promise<readonly string[]> {
  return connection.inPool(place, async (io) => {
    const holders = [GROW_LOCK, WORK_LOCK].map((name) => lockers(io, headerOf(imageId), name));
    return (await Promise.all(holders)).flat().map(bare);
  });
}
