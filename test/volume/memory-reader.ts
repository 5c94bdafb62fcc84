import type { ImageReader } from '../../src/volume/details.js';
import type { MemoryCeph } from './memory-ceph.js';
import type { Atomic } from './memory-images.js';

const OBJECT_BYTES = 4n << 20n;

/** What only looks at images, each look one RADOS operation. */
export function readerCalls(ceph: MemoryCeph, at: Atomic): ImageReader {
  return {
    details: (_place, id) =>
      at(() => {
        const layout = ceph.headers.get(id)?.layout;
        return (
          layout && {
            features: layout.features ?? [],
            objectMapInvalid: false,
            objectSizeBytes: layout.objectSize ?? OBJECT_BYTES,
            dataPool: layout.dataPool,
            created: new Date(0),
          }
        );
      }),
    locks: (_place, id) =>
      at(() => {
        const holders = (ceph.locks.get(id) ?? []).map((address) => ({
          ...{ client: 'client.1', cookie: 'work', address },
        }));
        return holders.length === 0 ? [] : [{ name: 'pannier.work', exclusive: false, holders }];
      }),
    children: (_place, id) =>
      at(() => {
        const ids = ceph.headers.get(id)?.snapshots.flatMap(({ children }) => [...children]) ?? [];
        return ids.map((child) => ({
          ...(ceph.headers.get(child)?.place ?? { pool: '', namespace: '' }),
          image: (ceph.nameOf(child) ?? ceph.trash.get(child)?.name ?? '').split('/').at(-1) ?? '',
          imageId: child,
          inTrash: ceph.trash.has(child),
        }));
      }),
    usedBytes: (_place, id) =>
      at(() => {
        const image = ceph.headers.get(id);
        const bytes = ceph.written.has(id) ? OBJECT_BYTES : 0n;
        return image && { bytes, lookedAtBytes: image.sizeBytes };
      }),
    poolNamed: (id) => at(() => ['rbd', 'fast'][Number(id) - 1]),
    journalEntry: (_place, uuid) => at(() => ceph.journal.get(uuid)),
  };
}
