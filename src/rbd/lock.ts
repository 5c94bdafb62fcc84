import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Parent } from '../volume/store.js';
import { CONSTANTS } from './declarations.js';
import { encodeStruct, encodeText } from './encoding.js';
import { CephError, check, EBUSY, ENOENT, ERANGE, settle } from './errno.js';
import { headerOf } from './header.js';
import { callAsync, type IoCtx, Memory } from './native.js';
import { assertExists, exec, type Write, write } from './operations.js';
import type { Session } from './session.js';

/** librbd's own on an image's header: what the feature exclusive-lock is. */
export const RBD_LOCK = 'rbd_lock';
/** The advisory lock on an image's header under which it grows. */
export const GROW_LOCK = 'pannier.grow';
/** The shared one that tells who works on an image without using its data. */
export const WORK_LOCK = 'pannier.work';

/**
 * What is flattened holds it alone, and a snapshot of an image without the feature exclusive-lock shares it: there
 * librbd's flattening does not learn of a new snapshot, and lets the parent go that the snapshot needs.
 */
export const FLATTEN_LOCK = 'pannier.flatten';

/** A lock whose holder died is free again after so long. */
const HELD_SECONDS = 30;
const RENEW_MS = 10_000;
const PAUSE_MS = 50;
const WAIT_MS = 20_000;
const DESCRIPTION = 'pannier';

/** The types of cls_lock. */
export const EXCLUSIVE = 1;
export const SHARED = 2;

/**
 * cls_lock's request for a lock that runs out after so many seconds, or for its renewal. librados's own would make
 * the object where there is none, and so a header of no image.
 */
function request(type: number, name: string, cookie: string, seconds: number): Write {
  const tag = type === SHARED ? DESCRIPTION : '';
  const time = Buffer.alloc(8);
  time.writeUInt32LE(seconds);
  const body = Buffer.concat([
    encodeText(name),
    Buffer.from([type]),
    ...[cookie, tag, DESCRIPTION].map(encodeText),
    time,
    Buffer.from([CONSTANTS.LIBRADOS_LOCK_FLAG_MAY_RENEW]),
  ]);
  return exec('lock', 'lock', encodeStruct(1, 1, body));
}

/**
 * Does `work` while this client alone holds the advisory lock `name` of an object, across controllers.
 * Throws CephError: EBUSY where another holds it for too long, ENOENT where there is no object.
 */
export async function withLock<T>(
  io: IoCtx,
  object: string,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const cookie = randomUUID();
  const operation = `lock "${object}" as "${name}"`;
  const limit = Date.now() + WAIT_MS;
  while (!(await lock(io, object, name, cookie, HELD_SECONDS))) {
    if (Date.now() > limit) throw new CephError(EBUSY, operation);
    await sleep(PAUSE_MS);
  }
  try {
    return await work();
  } finally {
    await unlock(io, object, name, cookie);
  }
}

/**
 * Takes or renews an exclusive lock for so many seconds; false where another client or cookie has it. Throws
 * CephError: ENOENT where there is no object.
 */
export async function lock(
  io: IoCtx,
  object: string,
  name: string,
  cookie: string,
  seconds: number,
): Promise<boolean> {
  const operation = `lock "${object}" as "${name}"`;
  const steps = [assertExists, request(EXCLUSIVE, name, cookie, seconds)];
  const locking = write(io, object, operation, steps).then(() => true);
  return settle(locking, { [EBUSY]: false });
}

/** Lets go of a lock. Where this fails, it runs out by itself. */
export async function unlock(
  io: IoCtx,
  object: string,
  name: string,
  cookie: string,
): Promise<void> {
  await callAsync('rados_unlock', io, object, name, cookie);
}

/**
 * Does `work` while WORK_LOCK of an image's header tells others that this client has it open for that. Any number
 * of clients may. Throws CephError: ENOENT where there is no such image.
 */
export function whileWorking<T>(io: IoCtx, header: string, work: () => Promise<T>): Promise<T> {
  return whileHolding(io, header, WORK_LOCK, SHARED, work);
}

/** Does `work` while this client holds a lock, however long that is. Throws CephError: EBUSY, ENOENT. */
export async function whileHolding<T>(
  io: IoCtx,
  object: string,
  name: string,
  type: typeof EXCLUSIVE | typeof SHARED,
  work: () => Promise<T>,
): Promise<T> {
  const cookie = randomUUID();
  const steps = [assertExists, request(type, name, cookie, HELD_SECONDS)];
  const hold = () => write(io, object, `lock "${object}" as "${name}"`, steps);
  await hold();
  // What takes hours must not look dead. Where a renewal fails, the image merely looks used.
  const renewal = setInterval(() => {
    hold().catch(() => undefined);
  }, RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await unlock(io, object, name, cookie);
  }
}

/**
 * The same for the parent of a clone that is worked on, where there is one: a clone that was flattened meanwhile
 * has none, which is no error.
 */
export function whileWorkingOnParent<T>(
  session: Session,
  parent: Parent | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (parent === undefined) return work();
  let working = false;
  const once = () => {
    working = true;
    return work();
  };
  return session.inPool(parent.pool, parent.namespace, (io) =>
    whileWorking(io, headerOf(parent.imageId), once).catch((error: unknown) => {
      if (working || !(error instanceof CephError) || error.errno !== ENOENT) throw error;
      return work();
    }),
  );
}

const LISTS = ['tag', 'clients', 'cookies', 'addresses'] as const;

/** A lock of an object, as far as somebody holds it. */
export interface Held {
  readonly exclusive: boolean;
  readonly holders: ReadonlyArray<{
    readonly client: string;
    readonly cookie: string;
    readonly address: string;
  }>;
}

/** Who holds a lock, as Ceph prints it; nobody where there is no object. */
export async function holdersOf(io: IoCtx, object: string, name: string): Promise<Held> {
  for (let room = 1024; ; room *= 2) {
    // Of each list its length in bytes, before and after the call; then whether the lock is exclusive.
    using sizes = new Memory(8 * (LISTS.length + 1));
    using texts = new Memory(room * LISTS.length);
    for (const index of LISTS.keys()) sizes.setUint64(8 * index, room);
    const result = await callAsync(
      'rados_list_lockers',
      io,
      object,
      name,
      sizes.at(8 * LISTS.length),
      texts.at(0),
      sizes.at(0),
      texts.at(room),
      sizes.at(8),
      texts.at(2 * room),
      sizes.at(16),
      texts.at(3 * room),
      sizes.at(24),
    );
    if (Number(result) === -ERANGE) continue;
    if (Number(result) === -ENOENT) return { exclusive: false, holders: [] };
    const count = check(result, `list the holders of lock "${name}" of "${object}"`);
    const [, clients = [], cookies = [], addresses = []] = LISTS.map((_, index) =>
      texts
        .copy(index * room, Number(sizes.uint64(8 * index)))
        .toString()
        .split('\0'),
    );
    return {
      exclusive: sizes.int32(8 * LISTS.length) !== 0,
      holders: Array.from({ length: count }, (_, index) => ({
        client: clients[index] ?? '',
        cookie: cookies[index] ?? '',
        address: addresses[index] ?? '',
      })),
    };
  }
}

/** The addresses of a lock's holders. */
export async function lockers(io: IoCtx, object: string, name: string): Promise<readonly string[]> {
  return (await holdersOf(io, object, name)).holders.map(({ address }) => address);
}
