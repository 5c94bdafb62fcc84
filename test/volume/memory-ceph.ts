import type { JournalEntry } from '../../src/volume/details.js';
import type {
  ImageLayout,
  ImageSnapshot,
  ImageSpec,
  Parent,
  Place,
} from '../../src/volume/store.js';

export interface MemorySnapshot {
  readonly id: bigint;
  readonly name: string;
  readonly sizeBytes: bigint;
  readonly created: Date;
  kind: ImageSnapshot['kind'];
  readonly content: string;
  /** What the image had of a parent when it was taken. */
  readonly parent: Parent | undefined;
  /** Ids of the images that are attached to it. */
  readonly children: Set<string>;
}

export interface MemoryImage {
  readonly id: string;
  readonly place: Place;
  sizeBytes: bigint;
  readonly metadata: Map<string, string>;
  readonly layout: ImageLayout;
  parent: Parent | undefined;
  snapshots: MemorySnapshot[];
  /** Stands for the bytes in it. */
  content: string;
}

/** One index: entries, and the tasks beside them as `key id`. */
export interface MemoryIndex {
  readonly entries: Map<string, string>;
  readonly tasks: Map<string, string>;
}

export const pathOf = ({ pool, namespace, image }: ImageSpec) => `${pool}/${namespace}/${image}`;

/**
 * What several controllers share: the objects of one Ceph, in memory. Each method stands for one RADOS operation;
 * what librbd makes of several is in memory-images.ts and memory-snapshots.ts, where others get in between.
 */
export class MemoryCeph {
  readonly indexes: Readonly<Record<'names' | 'snapshotNames', MemoryIndex>> = {
    names: { entries: new Map(), tasks: new Map() },
    snapshotNames: { entries: new Map(), tasks: new Map() },
  };
  /** Those of another installation, in its own default pool. */
  readonly elsewhere: Readonly<Record<'names' | 'snapshotNames', MemoryIndex>> = {
    names: { entries: new Map(), tasks: new Map() },
    snapshotNames: { entries: new Map(), tasks: new Map() },
  };
  /** The objects `rbd_id.NAME`, by `pool/namespace/name`: RBD's ids. */
  readonly ids = new Map<string, string>();
  /** librbd's directories, from the same paths to the same ids. */
  readonly directory = new Map<string, string>();
  readonly trash = new Map<string, { readonly name: string; readonly place: Place }>();
  /** By RBD's id, in the trash or not. */
  readonly headers = new Map<string, MemoryImage>();
  /** Addresses of those that watch a header, and of those that hold the lock of work on it. */
  readonly watches = new Map<string, string[]>();
  readonly locks = new Map<string, string[]>();
  readonly nodes = new Map<string, string>();
  /** ceph-csi's journal, by UUID. */
  readonly journal = new Map<string, JournalEntry>();
  /** Ids of images that hold data of their own. */
  readonly written = new Set<string>();
  /** Who does the background work. */
  worker: string | undefined;
  #numbers = 0;

  get names(): Map<string, string> {
    return this.indexes.names.entries;
  }

  /** The images that can be opened by a name, by `pool/namespace/name`. */
  get images(): ReadonlyMap<string, MemoryImage> {
    const found = [...this.ids].map(([path, id]) => [path, this.headers.get(id)] as const);
    return new Map(found.filter((entry): entry is [string, MemoryImage] => entry[1] !== undefined));
  }

  nextNumber(): number {
    return ++this.#numbers;
  }

  /** False where another image has the name; `anew`: where this one has it too. */
  takeName(path: string, id: string, anew = false): boolean {
    const owner = this.ids.get(path);
    if (owner === undefined) this.ids.set(path, id);
    return owner === undefined || (!anew && owner === id);
  }

  /** False where the name is free or another image's. */
  freeName(path: string, id: string): boolean {
    return this.ids.get(path) === id && this.ids.delete(path);
  }

  /** False where the directory has the name, or the image under another one. */
  list(path: string, id: string): boolean {
    if (this.directory.has(path) || this.nameOf(id) !== undefined) return false;
    this.directory.set(path, id);
    return true;
  }

  unlist(path: string, id: string): void {
    if (this.directory.get(path) === id) this.directory.delete(path);
  }

  /** False where the directory has another one under that name, or the new name. */
  relist(path: string, id: string, to: string): boolean {
    if (this.directory.get(path) !== id || this.directory.has(to)) return false;
    this.directory.delete(path);
    this.directory.set(to, id);
    return true;
  }

  /** The path under which the directory has an image. */
  nameOf(id: string): string | undefined {
    return [...this.directory].find(([, listed]) => listed === id)?.[0];
  }

  makeHeader(id: string, place: Place, sizeBytes: bigint, layout: ImageLayout): MemoryImage {
    const image: MemoryImage = {
      ...{ id, place, sizeBytes, layout },
      ...{ metadata: new Map(), parent: undefined, snapshots: [], content: '' },
    };
    this.headers.set(id, image);
    return image;
  }

  snapshotOf(parent: Parent): MemorySnapshot | undefined {
    return this.headers.get(parent.imageId)?.snapshots.find(({ id }) => id === parent.snapshotId);
  }

  /** What is left of clients that died runs out by itself. */
  forgetClients(): void {
    this.watches.clear();
    this.locks.clear();
    this.worker = undefined;
  }

  /** All that anybody could have left behind. */
  leaks(): Record<string, readonly string[]> {
    const { names, snapshotNames } = this.indexes;
    return {
      names: [...names.entries.values()],
      snapshotNames: [...snapshotNames.entries.values()],
      tasks: [...names.tasks.values(), ...snapshotNames.tasks.values()],
      ids: [...this.ids.keys()],
      directory: [...this.directory.keys()],
      trash: [...this.trash.keys()],
      headers: [...this.headers.keys()],
    };
  }
}
