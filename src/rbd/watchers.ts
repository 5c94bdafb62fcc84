import type { ImageLock } from '../volume/details.js';
import { VolumeError } from '../volume/errors.js';
import type { ImageSpec, Place, Watcher } from '../volume/store.js';
import type { Connection } from './connection.js';
import { CephError, check, EDEADLK, ENOENT, ERANGE, ETIMEDOUT } from './errno.js';
import { headerOf } from './header.js';
import { named } from './images.js';
import { FLATTEN_LOCK, GROW_LOCK, holdersOf, lockers, RBD_LOCK, WORK_LOCK } from './lock.js';
import { call, callAsync, type IoCtx, layout as layoutOf, Memory } from './native.js';
import { type Opened, withImage } from './open.js';
import type { Session } from './session.js';

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
  return connection.inPool(place, (io) => workersOn(io, imageId));
}

async function workersOn(io: IoCtx, imageId: string): Promise<readonly string[]> {
  const holders = [GROW_LOCK, WORK_LOCK].map((name) => lockers(io, headerOf(imageId), name));
  return (await Promise.all(holders)).flat().map(bare);
}

/**
 * Fails with EDEADLK where the client that asks for an image's exclusive lock has it. An image that was closed while an
 * OSD did not answer leaves its lock behind, and librbd, which takes it from a client that died, never does from its own:
 * the image could not be worked on as long as this client lives.
 */
export async function refuseOwnLock(
  io: IoCtx,
  session: Session,
  imageId: string,
  operation: string,
): Promise<void> {
  const { holders } = await holdersOf(io, headerOf(imageId), RBD_LOCK);
  if (holders.some(({ client }) => client === session.client))
    throw new CephError(EDEADLK, operation);
}

/**
 * Fails with what it means that librbd could not get an image's exclusive lock: this client has forgotten that it has it,
 * somebody has the image for themselves, or a controller that works on it does not answer, as where an OSD stands still.
 * librbd answers EROFS to all of them.
 */
export async function exclusiveLockRefused(
  io: IoCtx,
  session: Session,
  place: Place,
  imageId: string,
  operation: string,
): Promise<never> {
  await refuseOwnLock(io, session, imageId, operation);
  const owners = (await lockers(io, headerOf(imageId), RBD_LOCK)).map(bare);
  const workers = await workersOn(io, imageId);
  const others = owners.filter((address) => !workers.includes(address));
  if (others.length === 0) throw new CephError(ETIMEDOUT, operation);
  const volume = [session.cluster, place.pool, place.namespace, imageId].filter(Boolean).join('/');
  const users = `client ${others.join(', ')}, which has it for itself, as \`rbd map -o exclusive\` does`;
  throw new VolumeError('volume-in-use', { volume, users });
}

/** The locks on an image's header that anybody holds. */
export function locks(
  connection: Connection,
  place: Place,
  imageId: string,
): Promise<readonly ImageLock[]> {
  return connection.inPool(place, async (io) => {
    const found = [RBD_LOCK, WORK_LOCK, GROW_LOCK, FLATTEN_LOCK].map(async (name) => {
      const { exclusive, holders } = await holdersOf(io, headerOf(imageId), name);
      const plain = holders.map((holder) => ({ ...holder, address: bare(holder.address) }));
      return { name, exclusive, holders: plain };
    });
    return (await Promise.all(found)).filter(({ holders }) => holders.length > 0);
  });
}
