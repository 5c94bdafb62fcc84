import { VolumeError } from '../volume/errors.js';
import type { Connection } from './connection.js';
import { check, ENOENT, ERANGE, settle } from './errno.js';
import { type Address, callAsync, Memory } from './native.js';
import type { Session } from './session.js';

/** The application that `rbd pool init` gives a pool. */
const APPLICATION = 'rbd';

/** RADOS namespaces of a pool, the default one ('') first. */
export function listNamespaces(connection: Connection, pool: string): Promise<readonly string[]> {
  return connection.inPool({ pool, namespace: '' }, async (io) => {
    const names = await readNames(`list the namespaces of pool "${pool}"`, (buffer, size) =>
      callAsync('rbd_namespace_list', io, buffer, size),
    );
    return ['', ...names];
  });
}

/** Pools with the application "rbd", by name. */
export function listPools(connection: Connection): Promise<readonly string[]> {
  return connection.use(async (session) => {
    const found: string[] = [];
    for (const pool of await allPools(session)) if (await isForRbd(session, pool)) found.push(pool);
    return found.sort();
  });
}

/** The name of the pool that has a number; undefined where there is none. */
export function poolNamed(connection: Connection, id: bigint): Promise<string | undefined> {
  return connection.use((session) => settle(session.poolName(id), { [ENOENT]: undefined }));
}

async function allPools(session: Session): Promise<readonly string[]> {
  const operation = 'list the pools';
  check(await callAsync('rados_wait_for_latest_osdmap', session.rados), operation);
  for (let room = 4096; ; ) {
    using buffer = new Memory(room);
    const result = await callAsync('rados_pool_list', session.rados, buffer.address, room);
    const needed = check(result, operation);
    if (needed <= room) return split(buffer.copy(0, needed));
    room = needed;
  }
}

async function isForRbd(session: Session, pool: string): Promise<boolean> {
  try {
    const applications = await session.inPool(pool, '', (io) =>
      readNames(`read the applications of pool "${pool}"`, (buffer, size) =>
        callAsync('rados_application_list', io, buffer, size),
      ),
    );
    return applications.includes(APPLICATION);
  } catch (error) {
    // Removed since it was listed.
    if (error instanceof VolumeError && error.kind === 'unknown-pool') return false;
    throw error;
  }
}

/** Names that a function writes one after the other, each with a NUL behind it. */
async function readNames(
  operation: string,
  list: (buffer: Address, size: Address) => Promise<number>,
): Promise<readonly string[]> {
  using size = new Memory(8);
  for (let room = 4096; ; room = Math.max(2 * room, Number(size.uint64(0)))) {
    using buffer = new Memory(room);
    size.setUint64(0, room);
    const result = await list(buffer.address, size.address);
    if (result === -ERANGE) continue;
    if (result === -ENOENT) return [];
    check(result, operation);
    return split(buffer.copy(0, Number(size.uint64(0))));
  }
}

function split(names: Buffer): readonly string[] {
  return names
    .toString()
    .split('\0')
    .filter((name) => name !== '');
}
