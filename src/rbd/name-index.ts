import type { Index, StoredTask, Swapped, TaskChanges } from '../volume/store.js';
import type { Connection } from './connection.js';
import { ECANCELED, ENOENT, settle } from './errno.js';
import { create, expect, readMap, remove, set, type Write, write } from './operations.js';

/**
 * An index is a map from a name's key to what it stands for, spread over 16 objects of the cluster's index pool, so
 * that no single one grows large or takes every creation. Work that is left to do is kept in the same maps, beside
 * the entry that it came from, so that one RADOS operation can change both.
 */
const SHARDS = 16;
/** Begins the key of a task, behind every key of a name: `~key~id`. */
const TASK = '~';
const PAGE = 1024;

interface Entry {
  readonly key: string;
  readonly value: string;
}

/** The index whose objects are called `prefix` and a shard's number. */
export function nameIndex(connection: Connection, pool: string, prefix: string): Index {
  const place = { pool, namespace: '' };
  const objectOf = (shard: number) => prefix + shard.toString(16);

  function change(key: string, steps: readonly Write[]): Promise<Swapped> {
    return connection.inPool(
      place,
      async (io): Promise<Swapped> => {
        await write(io, objectOf(shardOf(key)), 'write the name index', [create, ...steps]);
        return 'swapped';
      },
      { [ECANCELED]: 'differs' },
    );
  }

  function readRange(shard: number, range: { prefix: string; after: string; limit: number }) {
    return connection.use((session) =>
      settle(
        session.inPool(pool, '', (io) =>
          readMap(io, objectOf(shard), 'list the name index', { range }),
        ),
        { [ENOENT]: new Map<string, Buffer>() },
      ),
    );
  }

  async function listShardTasks(shard: number): Promise<StoredTask[]> {
    const found: StoredTask[] = [];
    for (let after = ''; ; ) {
      const page = await readRange(shard, { prefix: TASK, after, limit: PAGE });
      for (const [name, value] of page) {
        found.push(parseTaskKey(name, value.toString()));
        after = name;
      }
      // The OSD may answer fewer than were asked for: a shard is done when it answers none.
      if (page.size === 0) return found;
    }
  }

  return {
    async read(key) {
      const entries = await connection.inPool(
        place,
        (io) => readMap(io, objectOf(shardOf(key)), 'read the name index', { keys: [key] }),
        { [ENOENT]: undefined },
      );
      return entries?.get(key)?.toString();
    },

    swap: (key, expected, next, tasks = {}) =>
      change(key, [
        expect(key, expected),
        next === undefined ? remove(key) : set(key, next),
        ...taskSteps(key, tasks),
      ]),

    /** In the order of the shards and of the keys in each. */
    async list(after, limit) {
      const found: Entry[] = [];
      const first = after === undefined ? 0 : shardOf(after);
      let start = after ?? '';
      for (let shard = first; shard < SHARDS && found.length < limit; ) {
        const range = { prefix: '', after: start, limit: limit - found.length };
        const page = await readRange(shard, range);
        const names = [...page].filter(([key]) => !key.startsWith(TASK));
        for (const [key, value] of names) found.push({ key, value: value.toString() });
        start = names.at(-1)?.[0] ?? '';
        if (names.length === 0) shard += 1;
      }
      return found;
    },

    async listTasks() {
      const found = await Promise.all(
        Array.from({ length: SHARDS }, (_, shard) => listShardTasks(shard)),
      );
      return found.flat();
    },

    swapTask({ key, id }, expected, next) {
      const name = taskKey(key, id);
      return change(key, [
        expect(name, expected),
        next === undefined ? remove(name) : set(name, next),
      ]);
    },
  };
}

/** The shard of a key, from its first character: each gets two of base32's. */
function shardOf(key: string): number {
  const code = key.charCodeAt(0) || 0;
  return (code >= 'a'.charCodeAt(0) ? code - 'a'.charCodeAt(0) : code - 24) & (SHARDS - 1);
}

function taskSteps(key: string, { put = [], add = [], take = [] }: TaskChanges): Write[] {
  return [
    ...take.map(({ id, value }) => expect(taskKey(key, id), value)),
    ...add.map(({ id }) => expect(taskKey(key, id), undefined)),
    ...take.map(({ id }) => remove(taskKey(key, id))),
    ...[...put, ...add].map(({ id, value }) => set(taskKey(key, id), value)),
  ];
}

function taskKey(key: string, id: string): string {
  return `${TASK}${key}${TASK}${id}`;
}

function parseTaskKey(name: string, value: string): StoredTask {
  const end = name.indexOf(TASK, TASK.length);
  return { key: name.slice(TASK.length, end), id: name.slice(end + 1), value };
}
