import { VolumeError } from '../volume/errors.js';
import type { Place } from '../volume/store.js';
import { check } from './errno.js';
import { call, callAsync, type IoCtx, Memory } from './native.js';
import { create, write } from './operations.js';
import type { Session } from './session.js';

/** librbd's directory of the trash, one in each pool and namespace. */
export const TRASH = 'rbd_trash';
/** How long a place counts as ready once it was seen so, in milliseconds. */
const READY_MS = 60_000;

/**
 * Readies a pool and namespace for new images. Fails with unknown-namespace where nobody made that
 * namespace: librbd would create in it all the same. The trash's object is made now, since it could not be
 * made any more in a full pool, and nothing could be deleted from it.
 */
export async function ready(session: Session, io: IoCtx, place: Place): Promise<void> {
  const key = `${call('rados_ioctx_get_id', io)}/${place.namespace}`;
  if ((session.readyUntil.get(key) ?? 0) > Date.now()) return;
  await requireNamespace(session, place);
  await makeTrash(io, place);
  session.readyUntil.set(key, Date.now() + READY_MS);
}

/** Makes the trash's object where there is none. */
export function makeTrash(io: IoCtx, { pool }: Place): Promise<void> {
  return write(io, TRASH, `make the trash of pool "${pool}"`, [create]);
}

async function requireNamespace(session: Session, { pool, namespace }: Place): Promise<void> {
  if (namespace === '') return;
  const exists = await session.inPool(pool, '', async (io) => {
    using out = new Memory(8);
    const result = await callAsync('rbd_namespace_exists', io, namespace, out.address);
    check(result, `look up namespace "${namespace}"`);
    return out.copy(0, 1)[0] === 1;
  });
  if (!exists)
    throw new VolumeError('unknown-namespace', { namespace, pool, cluster: session.cluster });
}
