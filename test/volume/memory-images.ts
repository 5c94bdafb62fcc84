import type { Cluster, Image, ImageLayout, ImageSpec } from '../../src/volume/store.js';
import { type MemoryCeph, type MemoryImage, type MemorySnapshot, pathOf } from './memory-ceph.js';

/** One RADOS operation: others get in before it. */
export type Atomic = <T>(operation: () => T) => Promise<T>;

type ImageCalls =
  | 'createImage'
  | 'cloneImage'
  | 'readImage'
  | 'readImageById'
  | 'listImages'
  | 'nameOf'
  | 'findRemains'
  | 'clearRemains'
  | 'swapMetadata'
  | 'isBlank'
  | 'renameImage'
  | 'trashImage'
  | 'restoreImage'
  | 'listTrash';

const view = (image: MemoryImage): Image => ({
  id: image.id,
  sizeBytes: image.sizeBytes,
  metadata: new Map(image.metadata),
  parent: image.parent,
});

const placeOf = ({ pool, namespace }: ImageSpec) => ({ pool, namespace });

/** Images and their names, in the steps of src/rbd and of librbd. */
export function imageCalls(ceph: MemoryCeph, at: Atomic): Pick<Cluster, ImageCalls> {
  /** librbd's creation; undefined where the name is taken. */
  async function make(spec: ImageSpec, size: bigint, layout: ImageLayout) {
    const path = pathOf(spec);
    const id = `id${ceph.nextNumber()}`;
    if (!(await at(() => ceph.takeName(path, id, true)))) return undefined;
    if (!(await at(() => ceph.list(path, id)))) {
      await at(() => ceph.freeName(path, id));
      return undefined;
    }
    return at(() => ceph.makeHeader(id, placeOf(spec), size, layout));
  }

  /** librbd's clone, which goes by names, looks up the clone that it made by its name, and copies metadata last. */
  async function cloneByName(
    parent: ImageSpec,
    name: string,
    spec: ImageSpec,
    layout: ImageLayout,
  ): Promise<'created' | 'exists' | 'ENOENT'> {
    const parentId = await at(() => ceph.ids.get(pathOf(parent)));
    const source = await at(() => ceph.headers.get(parentId ?? ''));
    const snapshot = userSnapshot(source, name);
    if (source === undefined || snapshot === undefined) return 'ENOENT';
    const made = await make(spec, snapshot.sizeBytes, layout);
    if (made === undefined) return 'exists';
    const child = await at(() => ceph.headers.get(ceph.ids.get(pathOf(spec)) ?? ''));
    if (child === undefined) return remove(spec, made);
    await at(() => {
      child.parent = { ...source.place, imageId: source.id, snapshotId: snapshot.id };
      child.content = snapshot.content;
    });
    const attached = await at(() => {
      const there = source.snapshots.includes(snapshot) && snapshot.kind === 'user';
      if (there) snapshot.children.add(child.id);
      return there;
    });
    if (!attached) return remove(spec, made);
    const copied = await at(() => [...source.metadata]);
    await at(() => {
      for (const [key, value] of copied) child.metadata.set(key, value);
    });
    return 'created';
  }

  /** What librbd does to a clone that it could not finish. */
  async function remove(spec: ImageSpec, { id }: MemoryImage): Promise<'ENOENT'> {
    await at(() => ceph.headers.delete(id));
    await at(() => ceph.unlist(pathOf(spec), id));
    await at(() => ceph.ids.delete(pathOf(spec)));
    return 'ENOENT';
  }

  async function putAway(spec: ImageSpec, id: string): Promise<boolean> {
    const { image: name } = spec;
    await at(() => {
      if (!ceph.trash.has(id)) ceph.trash.set(id, { name, place: placeOf(spec) });
    });
    const [whole] = await Promise.all([
      at(() => ceph.headers.has(id)),
      at(() => ceph.unlist(pathOf(spec), id)),
    ]);
    if (!whole) await at(() => ceph.trash.delete(id));
    return at(() => ceph.freeName(pathOf(spec), id));
  }

  return {
    async createImage(spec, layout) {
      return (await make(spec, layout.sizeBytes, layout)) === undefined ? 'exists' : 'created';
    },
    async cloneImage({ pool, namespace, imageId, snapshot }, spec, layout) {
      for (let parent = await at(() => ceph.nameOf(imageId)); parent !== undefined; ) {
        const image = parent.split('/')[2] ?? '';
        const outcome = await cloneByName({ pool, namespace, image }, snapshot, spec, layout);
        if (outcome !== 'ENOENT') return outcome;
        const now = await at(() => ceph.nameOf(imageId));
        if (now === parent) return 'gone';
        parent = now;
      }
      return 'gone';
    },
    async readImage(spec) {
      const id = await at(() => ceph.ids.get(pathOf(spec)));
      return id === undefined ? undefined : at(() => viewIfAny(ceph.headers.get(id)));
    },
    readImageById: (_place, id) => at(() => viewIfAny(ceph.headers.get(id))),
    listImages: ({ pool, namespace }) =>
      at(() => {
        const prefix = `${pool}/${namespace}/`;
        const listed = [...ceph.directory].filter(([path]) => path.startsWith(prefix));
        return new Map(listed.map(([path, id]) => [path.slice(prefix.length), id]));
      }),
    nameOf: (_place, id) => at(() => ceph.nameOf(id)?.split('/')[2]),
    async findRemains(spec) {
      const id = await at(() => ceph.ids.get(pathOf(spec)));
      if (id === undefined) return at(() => ceph.directory.get(pathOf(spec)));
      return (await at(() => ceph.headers.has(id))) ? undefined : id;
    },
    async clearRemains(spec, id) {
      const owner = await at(() => ceph.ids.get(pathOf(spec)));
      if (owner === id && (await at(() => ceph.headers.has(id)))) return;
      await putAway(spec, id);
    },
    swapMetadata: (_place, id, expected, next) =>
      at(() => {
        const metadata = ceph.headers.get(id)?.metadata;
        if (metadata === undefined) return 'gone';
        if (
          Object.entries(expected).some(
            ([key, value]) => (metadata.get(key) ?? '') !== (value ?? ''),
          )
        )
          return 'differs';
        for (const [key, value] of Object.entries(next)) {
          if (value === undefined) metadata.delete(key);
          else metadata.set(key, value);
        }
        return 'swapped';
      }),
    async isBlank(spec) {
      const id = await at(() => ceph.ids.get(pathOf(spec)));
      return at(() => !ceph.written.has(id ?? ''));
    },
    async renameImage(spec, id, name) {
      const [from, to] = [pathOf(spec), pathOf({ ...spec, image: name })];
      if (!(await at(() => ceph.takeName(to, id)))) return 'gone';
      if (
        !(await at(() => ceph.relist(from, id, to))) &&
        (await at(() => ceph.nameOf(id))) !== to
      ) {
        await at(() => ceph.freeName(to, id));
        return 'gone';
      }
      await at(() => ceph.freeName(from, id));
      return 'renamed';
    },
    trashImage: async (spec, id) => ((await putAway(spec, id)) ? 'trashed' : 'gone'),
    async restoreImage(spec, id) {
      if (!(await at(() => ceph.headers.has(id)))) return 'gone';
      if (!(await at(() => ceph.takeName(pathOf(spec), id)))) return 'exists';
      await at(() => ceph.list(pathOf(spec), id));
      await at(() => ceph.trash.delete(id));
      if (await at(() => ceph.headers.has(id))) return 'restored';
      await putAway(spec, id);
      return 'gone';
    },
    listTrash: ({ pool, namespace }) =>
      at(() =>
        [...ceph.trash]
          .filter(([, { place }]) => place.pool === pool && place.namespace === namespace)
          .map(([id, { name }]) => ({ id, name, expires: new Date(0) })),
      ),
  };
}

function viewIfAny(image: MemoryImage | undefined): Image | undefined {
  return image && view(image);
}

export function userSnapshot(
  image: MemoryImage | undefined,
  name: string,
): MemorySnapshot | undefined {
  return image?.snapshots.find((one) => one.name === name && one.kind === 'user');
}
