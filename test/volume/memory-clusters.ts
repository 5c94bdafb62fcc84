import type {
  Cluster,
  Clusters,
  Image,
  ImageSpec,
  Index,
  Place,
  Swapped,
  Watcher,
} from '../../src/volume/store.js';
import type { MemoryCeph, MemoryImage, MemoryIndex } from './memory-ceph.js';

const WORKER = '192.0.2.250:0/1';
const CLIENT = '192.0.2.9:0/1';

type Step = () => Promise<void>;

/** Lets others in before and after an operation, which is atomic in between, as RADOS's are. */
function atomicWith(step: Step) {
  return <A extends unknown[], R>(operation: (...args: A) => R) =>
    async (...args: A): Promise<R> => {
      await step();
      const result = operation(...args);
      await step();
      return result;
    };
}

function put(map: Map<string, string>, key: string, next: string | undefined): void {
  if (next === undefined) map.delete(key);
  else map.set(key, next);
}

function indexOf({ entries, tasks }: MemoryIndex, step: Step): Index {
  const atomic = atomicWith(step);
  return {
    read: atomic((key: string) => entries.get(key)),
    swap: atomic((key, expected, next, changes = {}): Swapped => {
      if (entries.get(key) !== expected) return 'differs';
      const { take = [], add = [], put: told = [] } = changes;
      if (take.some(({ id, value }) => tasks.get(`${key} ${id}`) !== value)) return 'differs';
      if (add.some(({ id }) => tasks.has(`${key} ${id}`))) return 'differs';
      for (const { id } of take) tasks.delete(`${key} ${id}`);
      for (const { id, value } of [...told, ...add]) tasks.set(`${key} ${id}`, value);
      put(entries, key, next);
      return 'swapped';
    }),
    list: atomic((after: string | undefined, limit: number) =>
      [...entries]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .filter(([key]) => after === undefined || key > after)
        .slice(0, limit)
        .map(([key, value]) => ({ key, value })),
    ),
    listTasks: atomic(() =>
      [...tasks].map(([name, value]) => {
        const end = name.indexOf(' ');
        return { key: name.slice(0, end), id: name.slice(end + 1), value };
      }),
    ),
    swapTask: atomic(({ key, id }, expected, next): Swapped => {
      if (tasks.get(`${key} ${id}`) !== expected) return 'differs';
      put(tasks, `${key} ${id}`, next);
      return 'swapped';
    }),
  };
}

const pathOf = ({ pool, namespace, image }: ImageSpec) => `${pool}/${namespace}/${image}`;

const view = (image: MemoryImage): Image => ({
  id: image.id,
  sizeBytes: image.sizeBytes,
  metadata: new Map(image.metadata),
  parent: image.parent,
});

/**
 * One controller's view of a MemoryCeph, for interleavings that a real cluster does not produce on demand:
 * `step` is awaited before and after each operation.
 */
export function memoryClusters(ceph: MemoryCeph, step: Step): Clusters {
  const cluster = clusterOf(ceph, step);
  return {
    names: ['main'],
    defaultPool: () => 'rbd',
    get: () => cluster,
    close: async () => {},
  };
}

function clusterOf(ceph: MemoryCeph, step: Step): Cluster {
  const atomic = atomicWith(step);

  /** Has an image open to work on it, while others get in. */
  async function working<T>(id: string, work: (image: MemoryImage) => T): Promise<T | undefined> {
    await step();
    const image = ceph.headers.get(id);
    if (image === undefined) return undefined;
    ceph.worked.set(id, (ceph.worked.get(id) ?? 0) + 1);
    await step();
    try {
      return ceph.headers.has(id) ? work(image) : undefined;
    } finally {
      ceph.worked.set(id, (ceph.worked.get(id) ?? 1) - 1);
      await step();
    }
  }

  function watchersOf(image: MemoryImage | undefined): Watcher[] {
    const id = image?.id ?? '';
    return [
      ...(ceph.watched.has(id) ? [{ address: CLIENT, clientId: 1n }] : []),
      ...((ceph.worked.get(id) ?? 0) > 0 ? [{ address: WORKER, clientId: 2n }] : []),
    ];
  }

  function moveAway(path: string, image: MemoryImage, name: string): void {
    ceph.images.delete(path);
    ceph.trash.set(image.id, { name, image });
  }

  return {
    name: 'main',
    names: indexOf(ceph.indexes.names, step),
    snapshotNames: indexOf(ceph.indexes.snapshotNames, step),
    indexesElsewhere: atomic(() => [
      {
        names: indexOf(ceph.elsewhere.names, step),
        snapshotNames: indexOf(ceph.elsewhere.snapshotNames, step),
      },
    ]),
    writeNode: atomic((nodeId: string, value: string) => {
      ceph.nodes.set(nodeId, value);
    }),
    readNode: atomic((nodeId: string) => ceph.nodes.get(nodeId)),
    listNodes: atomic(() => new Map(ceph.nodes)),
    address: atomic(() => '192.0.2.1'),
    holdWork: atomic((owner: string) => {
      ceph.worker ??= owner;
      return ceph.worker === owner;
    }),
    releaseWork: atomic((owner: string) => {
      if (ceph.worker === owner) ceph.worker = undefined;
    }),
    createImage: atomic((spec, layout) => {
      if (ceph.images.has(pathOf(spec))) return 'exists' as const;
      const { pool, namespace } = spec;
      ceph.images.set(pathOf(spec), ceph.newImage({ pool, namespace }, layout.sizeBytes, layout));
      return 'created' as const;
    }),
    cloneImage: atomic((source, spec, layout) => {
      if (ceph.images.has(pathOf(spec))) return 'exists' as const;
      const from = [...ceph.images.values()].find(({ id }) => id === source.imageId);
      const snapshot = from?.snapshots.find(
        ({ name, kind }) => name === source.snapshot && kind === 'user',
      );
      if (from === undefined || snapshot === undefined) return 'gone' as const;
      const { pool, namespace } = spec;
      const clone = ceph.newImage({ pool, namespace }, snapshot.sizeBytes, layout);
      for (const [key, value] of from.metadata) clone.metadata.set(key, value);
      clone.content = snapshot.content;
      clone.parent = { ...from.place, imageId: from.id, snapshotId: snapshot.id };
      ceph.images.set(pathOf(spec), clone);
      return 'created' as const;
    }),
    readImage: atomic((spec) => {
      const image = ceph.images.get(pathOf(spec));
      return image && view(image);
    }),
    readImageById: atomic((_place, id) => {
      const image = ceph.headers.get(id);
      return image && view(image);
    }),
    listImages: atomic(({ pool, namespace }: Place) => {
      const prefix = `${pool}/${namespace}/`;
      return new Map(
        [...ceph.images]
          .filter(([path]) => path.startsWith(prefix))
          .map(([path, { id }]) => [path.slice(prefix.length), id]),
      );
    }),
    nameOf: atomic((_place, id) => {
      const [path] = [...ceph.images].find(([, image]) => image.id === id) ?? [];
      return path?.split('/')[2];
    }),
    clearRemains: atomic(() => {}),
    swapMetadata: atomic((_place, imageId, expected, next): Swapped | 'gone' => {
      const image = ceph.headers.get(imageId);
      if (image === undefined) return 'gone';
      for (const [key, value] of Object.entries(expected))
        if (image.metadata.get(key) !== value) return 'differs';
      for (const [key, value] of Object.entries(next)) put(image.metadata, key, value);
      return 'swapped';
    }),
    watchers: atomic((spec: ImageSpec) => watchersOf(ceph.images.get(pathOf(spec)))),
    workers: atomic((_place, id: string) => ((ceph.worked.get(id) ?? 0) > 0 ? [WORKER] : [])),
    async growImage(spec, sizeBytes) {
      await step();
      const id = ceph.images.get(pathOf(spec))?.id ?? '';
      const grown = await working(id, (image) => {
        if (image.sizeBytes >= sizeBytes) return 'larger' as const;
        image.sizeBytes = sizeBytes;
        return 'grown' as const;
      });
      return grown ?? 'gone';
    },
    isBlank: atomic((spec) => !ceph.written.has(ceph.images.get(pathOf(spec))?.id ?? '')),
    async flattenImage(_place, id, _parent, onProgress) {
      const done = await working(id, (image) => {
        onProgress(50);
        ceph.detach(image);
        return 'flattened' as const;
      });
      return done ?? 'gone';
    },
    async takeSnapshot(_place, id, name) {
      const taken = await working(id, (image) => {
        if (image.snapshots.some((one) => one.name === name)) return 'exists' as const;
        ceph.snapshot(image, name);
        return 'taken' as const;
      });
      return taken ?? 'gone';
    },
    snapshots: atomic((_place, id) => ceph.headers.get(id)?.snapshots.map((one) => ({ ...one }))),
    async removeSnapshot(_place, id, name) {
      await working(id, (image) => {
        const found = image.snapshots.find((one) => one.name === name && one.kind === 'user');
        if (found === undefined) return;
        if (ceph.hasChildren(found)) found.kind = 'trash';
        else image.snapshots = image.snapshots.filter((one) => one !== found);
      });
      return 'removed';
    },
    renameImage: atomic((spec, id, name) => {
      const image = ceph.images.get(pathOf(spec));
      const to = pathOf({ ...spec, image: name });
      if (image?.id !== id || ceph.images.has(to)) return 'gone' as const;
      ceph.images.delete(pathOf(spec));
      ceph.images.set(to, image);
      return 'renamed' as const;
    }),
    trashImage: atomic((spec, id) => {
      const image = ceph.images.get(pathOf(spec));
      if (image?.id !== id) return 'gone' as const;
      moveAway(pathOf(spec), image, spec.image);
      return 'trashed' as const;
    }),
    restoreImage: atomic((spec, id) => {
      const there = ceph.images.get(pathOf(spec));
      if (there !== undefined && there.id !== id) return 'exists' as const;
      const trashed = ceph.trash.get(id);
      if (trashed === undefined) return 'gone' as const;
      ceph.trash.delete(id);
      ceph.images.set(pathOf(spec), trashed.image);
      return 'restored' as const;
    }),
    listTrash: atomic(({ pool, namespace }) =>
      [...ceph.trash.values()]
        .filter(({ image: { place } }) => place.pool === pool && place.namespace === namespace)
        .map(({ name, image: { id } }) => ({ id, name, expires: new Date(0) })),
    ),
    purgeTrashed: atomic((_place, id) => {
      const image = ceph.headers.get(id);
      if (image !== undefined && (image.snapshots.length > 0 || watchersOf(image).length > 0))
        return 'busy' as const;
      ceph.trash.delete(id);
      ceph.headers.delete(id);
      if (image !== undefined) ceph.detach(image);
      return 'removed' as const;
    }),
    capacity: atomic(() => ({ availableBytes: 1n << 40n })),
    listPools: atomic(() => ['rbd', 'fast']),
    listNamespaces: atomic(() => ['']),
  };
}
