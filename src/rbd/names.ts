import type { Swapped } from '../volume/store.js';
import type { Connection } from './connection.js';
import { ECANCELED, ENOENT, settle } from './errno.js';
import { create, expect, readMap, remove, set, write } from './operations.js';

/**
 * The name index: a map from a name's key to what it stands for, spread over 16 objects of the cluster's
 * index pool, so that no single one grows large or takes every creation.
 */
const SHARDS = 16;
const PREFIX = 'pannier.names.';

export interface Entry {
  readonly key: string;
  readonly value: string;
}

/** The shard of a key, from its first character: each gets two of base32's. */
function shardOf(key: string): number {
  const code = key.charCodeAt(0) || 0;
  return (code >= 'a'.charCodeAt(0) ? code - 'a'.charCodeAt(0) : code - 24) & (SHARDS - 1);
}

function objectOf(shard: number): string {
  return PREFIX + shard.toString(16);
}

/** Reads one value, or undefined where there is none. */
export async function readName(
  connection: Connection,
  pool: string,
  key: string,
): Promise<string | undefined> {
  const entries = await connection.inPool(
    { pool, namespace: '' },
    (io) => readMap(io, objectOf(shardOf(key)), 'read the name index', { keys: [key] }),
    { [ENOENT]: undefined },
  );
  return entries?.get(key)?.toString();
}

/** Changes one value where it is as expected. An empty value counts as none. */
export function swapName(
  connection: Connection,
  pool: string,
  key: string,
  expected: string | undefined,
  next: string | undefined,
): Promise<Swapped> {
  const steps = [create, expect(key, expected), next === undefined ? remove(key) : set(key, next)];
  return connection.inPool(
    { pool, namespace: '' },
    async (io): Promise<Swapped> => {
      await write(io, objectOf(shardOf(key)), 'write the name index', steps);
      return 'swapped';
    },
    { [ECANCELED]: 'differs' },
  );
}

/** Entries behind `after`, in the order of the shards and of the keys in each. */
export function listNames(
  connection: Connection,
  pool: string,
  after: string | undefined,
  limit: number,
): Promise<readonly Entry[]> {
  return connection.use(async (session) => {
    const found: Entry[] = [];
    const first = after === undefined ? 0 : shardOf(after);
    for (let shard = first; shard < SHARDS && found.length < limit; ) {
      const start = found.at(-1)?.key ?? after;
      const behind = start !== undefined && shardOf(start) === shard ? start : '';
      const range = { prefix: '', after: behind, limit: limit - found.length };
      const reading = session.inPool(pool, '', (io) =>
        readMap(io, objectOf(shard), 'list the name index', { range }),
      );
      const entries = (await settle(reading, { [ENOENT]: undefined })) ?? new Map();
      for (const [key, value] of entries) found.push({ key, value: value.toString() });
      // The OSD may answer fewer than were asked for: a shard is done when it answers none.
      if (entries.size === 0) shard += 1;
    }
    return found;
  });
}
