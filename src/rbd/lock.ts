import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CephError, check, EBUSY } from './errno.js';
import { callAsync, type IoCtx, Memory } from './native.js';

/** A lock whose holder died is free again after so long. */
const HELD_SECONDS = 60;
const PAUSE_MS = 50;
const WAIT_MS = 20_000;

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
  using duration = new Memory(16);
  duration.setUint64(0, HELD_SECONDS);
  duration.setUint64(8, 0);
  const limit = Date.now() + WAIT_MS;
  for (;;) {
    const result = await callAsync(
      'rados_lock_exclusive',
      io,
      object,
      name,
      cookie,
      'pannier',
      duration.address,
      0,
    );
    if (result !== -EBUSY) {
      check(result, operation);
      break;
    }
    if (Date.now() > limit) throw new CephError(EBUSY, operation);
    await sleep(PAUSE_MS);
  }
  try {
    return await work();
  } finally {
    // Where this fails, the lock runs out by itself.
    await callAsync('rados_unlock', io, object, name, cookie);
  }
}
