import type { Cluster, Clusters, Index } from '../../src/volume/store.js';
import type { MemoryCeph, MemoryIndex } from './memory-ceph.js';
import { type Atomic, imageCalls } from './memory-images.js';
import { readerCalls } from './memory-reader.js';
import { openCalls } from './memory-snapshots.js';

const SHARDS = 16;

/** Like those of src/rbd: an index is no one object, and a listing of it is no one moment. */
const shardOf = (key: string) => key.charCodeAt(0) % SHARDS;

function indexOf({ entries, tasks }: MemoryIndex, at: Atomic): Index {
  return {
    read: (key) => at(() => entries.get(key)),
    swap: (key, expected, next, { take = [], add = [], put = [] } = {}) =>
      at(() => {
        const nameOf = (id: string) => `${key} ${id}`;
        if ((entries.get(key) ?? '') !== (expected ?? '')) return 'differs';
        if (take.some(({ id, value }) => tasks.get(nameOf(id)) !== value)) return 'differs';
        if (add.some(({ id }) => tasks.has(nameOf(id)))) return 'differs';
        for (const { id } of take) tasks.delete(nameOf(id));
        for (const { id, value } of [...put, ...add]) tasks.set(nameOf(id), value);
        if (next === undefined) entries.delete(key);
        else entries.set(key, next);
        return 'swapped';
      }),
    async list(after, limit) {
      const found: Array<{ key: string; value: string }> = [];
      const first = after === undefined ? 0 : shardOf(after);
      for (let shard = first; shard < SHARDS && found.length < limit; shard++) {
        const behind = after === undefined || shard > first ? '' : after;
        if (![...entries.keys()].some((key) => shardOf(key) === shard)) continue;
        const page = await at(() =>
          [...entries]
            .filter(([key]) => shardOf(key) === shard && key > behind)
            .sort(([left], [right]) => (left < right ? -1 : 1))
            .slice(0, limit - found.length),
        );
        for (const [key, value] of page) found.push({ key, value });
      }
      return found;
    },
    async listTasks() {
      const shards = new Set([0, ...[...tasks.keys()].map(shardOf)]);
      const pages = [...shards].map((shard) =>
        at(() =>
          [...tasks]
            .filter(([name]) => shardOf(name) === shard)
            .map(([name, value]) => {
              const end = name.indexOf(' ');
              return { key: name.slice(0, end), id: name.slice(end + 1), value };
            }),
        ),
      );
      return (await Promise.all(pages)).flat();
    },
    swapTask: ({ key, id }, expected, next) =>
      at(() => {
        if (tasks.get(`${key} ${id}`) !== expected) return 'differs';
        if (next === undefined) tasks.delete(`${key} ${id}`);
        else tasks.set(`${key} ${id}`, next);
        return 'swapped';
      }),
  };
}

/**
 * One controller's view of a MemoryCeph, for interleavings that a real cluster does not produce on demand: `step`
 * is awaited before each RADOS operation.
 */
export function memoryClusters(ceph: MemoryCeph, step: () => Promise<void>): Clusters {
  const cluster = clusterOf(ceph, step);
  return {
    names: ['main'],
    nameOf: (id) => (id === 'b9127830' ? 'main' : undefined),
    defaultPool: () => 'rbd',
    quota: () => undefined,
    foreignPlaces: () => [],
    get: () => cluster,
    close: async () => {},
  };
}

function clusterOf(ceph: MemoryCeph, step: () => Promise<void>): Cluster {
  const at: Atomic = async (operation) => {
    await step();
    return operation();
  };
  const address = `192.0.2.250:0/${ceph.nextNumber()}`;
  return {
    name: 'main',
    names: indexOf(ceph.indexes.names, at),
    snapshotNames: indexOf(ceph.indexes.snapshotNames, at),
    indexesElsewhere: () =>
      at(() => [
        {
          names: indexOf(ceph.elsewhere.names, at),
          snapshotNames: indexOf(ceph.elsewhere.snapshotNames, at),
        },
      ]),
    writeNode: (nodeId, value) =>
      at(() => {
        ceph.nodes.set(nodeId, value);
      }),
    readNode: (nodeId) => at(() => ceph.nodes.get(nodeId)),
    listNodes: () => at(() => new Map(ceph.nodes)),
    address: () => at(() => '192.0.2.250'),
    kernelAccess: () => at(() => ({ fsid: '', user: 'pannier', key: undefined, monitors: [] })),
    holdWork: (owner) =>
      at(() => {
        ceph.worker ??= owner;
        return ceph.worker === owner;
      }),
    releaseWork: (owner) =>
      at(() => {
        if (ceph.worker === owner) ceph.worker = undefined;
      }),
    ...imageCalls(ceph, at),
    ...openCalls(ceph, at, address),
    ...readerCalls(ceph, at),
    capacity: () => at(() => ({ availableBytes: 1n << 40n })),
    listPools: () => at(() => ['rbd', 'fast']),
    listNamespaces: () => at(() => ['']),
  };
}
