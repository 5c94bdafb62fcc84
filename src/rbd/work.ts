import type { Connection } from './connection.js';
import { lock, unlock } from './lock.js';
import { create, write } from './operations.js';

/** The object whose lock says which controller does the cluster's background work. */
const OBJECT = 'pannier.work';
const LOCK = 'worker';

/** Takes or keeps the background work for so many seconds; false where another controller has it. */
export function holdWork(
  connection: Connection,
  pool: string,
  owner: string,
  seconds: number,
): Promise<boolean> {
  return connection.inPool({ pool, namespace: '' }, async (io) => {
    await write(io, OBJECT, 'take the background work', [create]);
    return lock(io, OBJECT, LOCK, owner, seconds);
  });
}

/** Lets go of it. Where this fails, it runs out by itself. */
export function releaseWork(connection: Connection, pool: string, owner: string): Promise<void> {
  return connection.inPool({ pool, namespace: '' }, (io) => unlock(io, OBJECT, LOCK, owner));
}
