import type { ImageLayout, ImageSnapshot, Parent, Place } from '../../src/volume/store.js';

export interface MemorySnapshot {
  id: bigint;
  name: string;
  sizeBytes: bigint;
  created: Date;
  kind: ImageSnapshot['kind'];
  content: string;
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

/** What several controllers share: one Ceph, in memory. Only what these classes do can happen to it. */
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
  /** By `pool/namespace/name`. */
  readonly images = new Map<string, MemoryImage>();
  readonly trash = new Map<string, { readonly name: string; readonly image: MemoryImage }>();
  readonly nodes = new Map<string, string>();
  /** By RBD's id, in the trash or not. */
  readonly headers = new Map<string, MemoryImage>();
  /** Ids of images that a client has open for writing, and of those that a controller works on. */
  readonly watched = new Set<string>();
  readonly worked = new Map<string, number>();
  /** Ids of images that hold data of their own. */
  readonly written = new Set<string>();
  /** Who does the background work. */
  worker: string | undefined;
  #ids = 0;

  get names(): Map<string, string> {
    return this.indexes.names.entries;
  }

  nextId(): string {
    return `id${++this.#ids}`;
  }

  newImage(place: Place, sizeBytes: bigint, layout: ImageLayout): MemoryImage {
    const image: MemoryImage = {
      id: this.nextId(),
      place,
      sizeBytes,
      metadata: new Map(),
      layout,
      parent: undefined,
      snapshots: [],
      content: '',
    };
    this.headers.set(image.id, image);
    return image;
  }

  snapshot(image: MemoryImage, name: string): void {
    const { sizeBytes, content } = image;
    const id = BigInt(++this.#ids);
    image.snapshots.push({ id, name, sizeBytes, content, created: new Date(), kind: 'user' });
  }

  hasChildren(snapshot: MemorySnapshot): boolean {
    return [...this.headers.values()].some(({ parent }) => parent?.snapshotId === snapshot.id);
  }

  /** Takes away an image that lost its parent, and the parent's snapshot where only its clones kept it. */
  detach(image: MemoryImage): void {
    const { parent } = image;
    image.parent = undefined;
    const source = parent && this.headers.get(parent.imageId);
    if (source === undefined) return;
    source.snapshots = source.snapshots.filter(
      (one) => one.kind !== 'trash' || one.id !== parent?.snapshotId || this.hasChildren(one),
    );
  }

  /** All that anybody could have left behind. */
  leaks(): Record<string, readonly string[]> {
    const { names, snapshotNames } = this.indexes;
    return {
      names: [...names.entries.values()],
      snapshotNames: [...snapshotNames.entries.values()],
      tasks: [...names.tasks.values(), ...snapshotNames.tasks.values()],
      images: [...this.images.keys()],
      trash: [...this.trash.keys()],
      headers: [...this.headers.keys()],
    };
  }
}
