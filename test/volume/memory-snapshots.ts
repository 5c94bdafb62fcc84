import type { Cluster, Parent, Watcher } from '../../src/volume/store.js';
import { type MemoryCeph, type MemoryImage, type MemorySnapshot, pathOf } from './memory-ceph.js';
import { type Atomic, userSnapshot } from './memory-images.js';

type OpenCalls =
  | 'watchers'
  | 'workers'
  | 'growImage'
  | 'flattenImage'
  | 'takeSnapshot'
  | 'snapshots'
  | 'removeSnapshot'
  | 'purgeTrashed';

/** What a removal left in the trash name space, where it waited for the monitors. */
function abandoned({ snapshots }: MemoryImage, name: string): MemorySnapshot[] {
  return snapshots.filter(
    (one) => one.kind === 'trash' && one.name === name && one.children.size === 0,
  );
}

function add(to: Map<string, string[]>, id: string, address: string): void {
  to.set(id, [...(to.get(id) ?? []), address]);
}

function drop(from: Map<string, string[]>, id: string, address: string): void {
  const rest = [...(from.get(id) ?? [])];
  const index = rest.indexOf(address);
  if (index >= 0) rest.splice(index, 1);
  from.set(id, rest);
}

/** What has an image open, in the steps of src/rbd and of librbd. */
export function openCalls(ceph: MemoryCeph, at: Atomic, address: string): Pick<Cluster, OpenCalls> {
  /** Holds the lock of work on a header meanwhile; undefined where there is no such image. */
  async function locked<T>(id: string, work: () => Promise<T>): Promise<T | undefined> {
    const held = await at(() => {
      if (ceph.headers.has(id)) add(ceph.locks, id, address);
      return ceph.headers.has(id);
    });
    if (!held) return undefined;
    try {
      return await work();
    } finally {
      await at(() => drop(ceph.locks, id, address));
    }
  }

  /** Has an image open for writing meanwhile; undefined where there is none. */
  async function opened<T>(
    id: string,
    work: (image: MemoryImage) => Promise<T>,
  ): Promise<T | undefined> {
    const image = await at(() => {
      if (ceph.headers.has(id)) add(ceph.watches, id, address);
      return ceph.headers.get(id);
    });
    if (image === undefined) return undefined;
    try {
      return await work(image);
    } finally {
      await at(() => drop(ceph.watches, id, address));
    }
  }

  const working = <T>(id: string, work: (image: MemoryImage) => Promise<T>) =>
    locked(id, () => opened(id, work));

  async function whileWorkingOnParent<T>(parent: Parent | undefined, work: () => Promise<T>) {
    let result: { readonly answer: T } | undefined;
    if (parent !== undefined)
      result = await locked(parent.imageId, async () => ({ answer: await work() }));
    return result === undefined ? work() : result.answer;
  }

  /** Takes a clone off its parent's snapshot, and the snapshot where only its clones kept it. */
  async function detach(id: string, parent: Parent): Promise<void> {
    const left = await at(() => {
      const snapshot = ceph.snapshotOf(parent);
      snapshot?.children.delete(id);
      return snapshot;
    });
    if (left?.kind === 'trash' && left.children.size === 0)
      await opened(parent.imageId, (source) => finishRemoval(source, left));
  }

  /** Removes what the trash name space has, when the monitors let go of its id. */
  async function finishRemoval(image: MemoryImage, snapshot: MemorySnapshot): Promise<void> {
    const { parent } = snapshot;
    const needed = (one: { readonly parent: Parent | undefined }) =>
      one.parent?.snapshotId === parent?.snapshotId;
    const last = !needed(image) && !image.snapshots.some((one) => one !== snapshot && needed(one));
    if (parent !== undefined && last) await detach(image.id, parent);
    await at(() => {
      image.snapshots = image.snapshots.filter((one) => one !== snapshot);
    });
  }

  return {
    async watchers(spec) {
      const id = await at(() => ceph.ids.get(pathOf(spec)));
      return at((): Watcher[] =>
        (ceph.watches.get(id ?? '') ?? []).map((one) => ({ address: one, clientId: 1n })),
      );
    },
    workers: (_place, id) => at(() => [...(ceph.locks.get(id) ?? [])]),
    async growImage(spec, sizeBytes) {
      const id = await at(() => ceph.ids.get(pathOf(spec)));
      const grown = await locked(id ?? '', async () => {
        const now = await at(() => ceph.ids.get(pathOf(spec)));
        return opened(now ?? '', (image) =>
          at(() => {
            if (image.sizeBytes >= sizeBytes) return 'larger' as const;
            image.sizeBytes = sizeBytes;
            return 'grown' as const;
          }),
        );
      });
      return grown ?? 'gone';
    },
    async flattenImage(_place, id, parent, onProgress) {
      const done = await whileWorkingOnParent(parent, () =>
        working(id, async (image) => {
          await at(() => onProgress(50));
          const { parent: from } = image;
          if (from === undefined) return 'flattened' as const;
          const kept = image.snapshots.some((one) => one.parent?.snapshotId === from.snapshotId);
          if (!kept) await detach(id, from);
          await at(() => {
            image.parent = undefined;
          });
          return 'flattened' as const;
        }),
      );
      return done ?? 'gone';
    },
    async takeSnapshot(_place, id, name) {
      const taken = await working(id, async (image) => {
        if (userSnapshot(image, name) !== undefined) return 'exists' as const;
        const number = await at(() => BigInt(ceph.nextNumber()));
        return at(() => {
          if (!ceph.headers.has(id)) return undefined;
          if (userSnapshot(image, name) !== undefined) return 'exists' as const;
          const { sizeBytes, content, parent } = image;
          const created = new Date();
          image.snapshots.push({
            ...{ id: number, name, sizeBytes, content, created, kind: 'user' },
            ...{ parent, children: new Set() },
          });
          return 'taken' as const;
        });
      });
      return taken ?? 'gone';
    },
    snapshots: (_place, id) =>
      at(() =>
        ceph.headers
          .get(id)
          ?.snapshots.map(({ children, ...one }) => ({ ...one, clones: children.size })),
      ),
    async removeSnapshot(_place, id, name) {
      await working(id, async (image) => {
        const found = userSnapshot(image, name);
        if (found !== undefined) {
          await at(() => {
            found.kind = 'trash';
          });
          if (await at(() => found.children.size === 0)) await finishRemoval(image, found);
        } else
          for (const one of await at(() => abandoned(image, name))) await finishRemoval(image, one);
      });
      return 'removed';
    },
    async purgeTrashed(_place, id, parent) {
      return whileWorkingOnParent(parent, async () => {
        if (!(await at(() => ceph.trash.has(id)))) return 'removed' as const;
        const image = await at(() => ceph.headers.get(id));
        if (image !== undefined) {
          const watched = await at(() => (ceph.watches.get(id) ?? []).length > 0);
          if (watched || image.snapshots.length > 0) return 'busy' as const;
          if (image.parent !== undefined) await detach(id, image.parent);
          await at(() => ceph.headers.delete(id));
        }
        await at(() => ceph.trash.delete(id));
        return 'removed' as const;
      });
    },
  };
}
