import type {
  Cluster,
  Clusters,
  Image,
  ImageLayout,
  ImageSpec,
  Swapped,
  Watcher,
} from '../../src/volume/store.js';

interface StoredImage {
  id: string;
  sizeBytes: bigint;
  metadata: Map<string, string>;
  layout: ImageLayout;
}

type Place = Pick<ImageSpec, 'pool' | 'namespace'>;

/** What several controllers share: one Ceph, in memory. */
export class MemoryCeph {
  readonly names = new Map<string, string>();
  readonly images = new Map<string, StoredImage>();
  readonly trash = new Map<string, { place: Place; name: string; image: StoredImage }>();
  readonly nodes = new Map<string, string>();
  readonly headers = new Map<string, StoredImage>();
  /** Ids of images that a client has open for writing. */
  readonly watched = new Set<string>();
  /** Ids of images that hold data. */
  readonly written = new Set<string>();
  #ids = 0;

  nextId(): string {
    return `id${++this.#ids}`;
  }
}

/**
 * One controller's view of a MemoryCeph, for interleavings that a real cluster does not produce on demand:
 * `step` is awaited before and after each operation, and each operation is atomic in between, as RADOS's are.
 */
export function memoryClusters(ceph: MemoryCeph, step: () => Promise<void>): Clusters {
  const place = (spec: ImageSpec) => `${spec.pool}/${spec.namespace}/${spec.image}`;

  function atomic<A extends unknown[], R>(operation: (...args: A) => R) {
    return async (...args: A): Promise<R> => {
      await step();
      const result = operation(...args);
      await step();
      return result;
    };
  }

  function swap(map: Map<string, string>, key: string, next: string | undefined): void {
    if (next === undefined) map.delete(key);
    else map.set(key, next);
  }

  const view = (image: StoredImage): Image => ({
    id: image.id,
    sizeBytes: image.sizeBytes,
    metadata: new Map(image.metadata),
  });

  const watchers = atomic((spec: ImageSpec): Watcher[] =>
    ceph.watched.has(ceph.images.get(place(spec))?.id ?? '')
      ? [{ address: '192.0.2.9:0/1', clientId: 1n }]
      : [],
  );

  const cluster: Cluster = {
    name: 'main',
    readName: atomic((key: string) => ceph.names.get(key)),
    swapName: atomic((key: string, expected?: string, next?: string): Swapped => {
      if (ceph.names.get(key) !== expected) return 'differs';
      swap(ceph.names, key, next);
      return 'swapped';
    }),
    listNames: atomic((after: string | undefined, limit: number) =>
      [...ceph.names]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .filter(([key]) => after === undefined || key > after)
        .slice(0, limit)
        .map(([key, value]) => ({ key, value })),
    ),
    writeNode: atomic((nodeId: string, value: string) => {
      ceph.nodes.set(nodeId, value);
    }),
    readNode: atomic((nodeId: string) => ceph.nodes.get(nodeId)),
    address: atomic(() => '192.0.2.1'),
    createImage: atomic((spec, layout) => {
      if (ceph.images.has(place(spec))) return 'exists' as const;
      const image = { id: ceph.nextId(), sizeBytes: layout.sizeBytes, metadata: new Map(), layout };
      ceph.images.set(place(spec), image);
      ceph.headers.set(image.id, image);
      return 'created' as const;
    }),
    readImage: atomic((spec) => {
      const image = ceph.images.get(place(spec));
      return image && view(image);
    }),
    clearRemains: atomic(() => {}),
    swapMetadata: atomic((_spec, imageId, expected, next): Swapped | 'gone' => {
      const image = ceph.headers.get(imageId);
      if (image === undefined) return 'gone';
      for (const [key, value] of Object.entries(expected))
        if (image.metadata.get(key) !== value) return 'differs';
      for (const [key, value] of Object.entries(next)) swap(image.metadata, key, value);
      return 'swapped';
    }),
    watchers,
    async growImage(spec, sizeBytes) {
      await step();
      const image = ceph.images.get(place(spec));
      if (image === undefined) return 'gone' as const;
      ceph.watched.add(image.id);
      await step();
      const larger = image.sizeBytes >= sizeBytes;
      if (!larger) image.sizeBytes = sizeBytes;
      ceph.watched.delete(image.id);
      await step();
      return larger ? 'larger' : 'grown';
    },
    isBlank: atomic((spec) => !ceph.written.has(ceph.images.get(place(spec))?.id ?? '')),
    async trashImage(spec, id) {
      if ((await watchers(spec)).length > 0) return 'busy';
      const image = ceph.images.get(place(spec));
      if (image?.id !== id) return 'gone' as const;
      ceph.images.delete(place(spec));
      ceph.trash.set(image.id, { place: spec, name: spec.image, image });
      await step();
      return 'trashed' as const;
    },
    listTrash: atomic(({ pool, namespace }) =>
      [...ceph.trash]
        .filter(([, { place }]) => place.pool === pool && place.namespace === namespace)
        .map(([id, { name }]) => ({ id, name, expires: new Date(0) })),
    ),
    readTrashed: atomic((_spec, id) => {
      const trashed = ceph.trash.get(id);
      return trashed && view(trashed.image);
    }),
    purgeTrashed: atomic((_spec, id) => {
      ceph.trash.delete(id);
      ceph.headers.delete(id);
      return 'removed' as const;
    }),
    capacity: atomic(() => ({ availableBytes: 1n << 40n })),
    listPools: atomic(() => ['rbd', 'fast']),
    listNamespaces: atomic(() => ['']),
  };

  return {
    names: ['main'],
    defaultPool: () => 'rbd',
    get: () => cluster,
    close: async () => {},
  };
}
