import type { ImageReader } from './details.js';
import type { VolumeHandle } from './handle.js';

/** Who speaks to a cluster, where a request brings credentials of its own. */
export interface Credentials {
  readonly user: string;
  readonly key: string;
}

/** Where an image is; the cluster is known from the object that is asked. */
export type ImageSpec = Pick<VolumeHandle, 'pool' | 'namespace' | 'image'>;
/** A pool and a RADOS namespace of it ('' is the default one). */
export type Place = Pick<ImageSpec, 'pool' | 'namespace'>;

/** How an image is laid out in RADOS (`man rbd`, "create"). Undefined leaves it to the cluster's settings. */
export interface ImageLayout {
  readonly sizeBytes: bigint;
  readonly features: readonly string[] | undefined;
  /** Bytes, a power of two. */
  readonly objectSize: bigint | undefined;
  /** Bytes. */
  readonly stripeUnit: bigint | undefined;
  readonly stripeCount: bigint | undefined;
  readonly dataPool: string | undefined;
}

/** What an image's header says. */
export interface Image {
  /** RBD's internal id, which outlives renames. */
  readonly id: string;
  readonly sizeBytes: bigint;
  /** The image metadata (`rbd image-meta list`) whose keys begin with METADATA_PREFIX, whole keys. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The snapshot that the image is a clone of, until it is flattened. */
  readonly parent: Parent | undefined;
}

export interface Parent extends Place {
  readonly imageId: string;
  readonly snapshotId: bigint;
}

/** An RBD snapshot, as its image's header has it. */
export interface ImageSnapshot {
  /** The pool's number of the snapshot; no other snapshot of that pool ever has it. */
  readonly id: bigint;
  /** That of one in the trash name space is the name that it had. */
  readonly name: string;
  readonly sizeBytes: bigint;
  readonly created: Date;
  /**
   * 'trash': deleted. Its clones keep it; no new ones can be made of it. One that has none is what a removal left
   * that was cut short: each goes through the trash name space, and waits there for the monitors.
   */
  readonly kind: 'user' | 'trash' | 'other';
  /** How many clones are attached to it. */
  readonly clones: number;
}

/** All image metadata that Pannier writes is under this prefix. */
export const METADATA_PREFIX = 'pannier.';

/** A client that has an image open for writing. */
export interface Watcher {
  /** As Ceph prints it: "192.0.2.1:0/123456". */
  readonly address: string;
  readonly clientId: bigint;
}

/** What a kernel needs to connect to a cluster as this client does. */
export interface KernelAccess {
  /** The cluster's own id, a UUID. */
  readonly fsid: string;
  /** Without "client.". */
  readonly user: string;
  /** A secret. Undefined where the cluster asks for none. */
  readonly key: string | undefined;
  /** Of each monitor the addresses, "192.0.2.1:6789", by the protocol that it speaks there. */
  readonly monitors: ReadonlyArray<Readonly<Partial<Record<'v1' | 'v2', string>>>>;
}

export interface TrashedImage {
  readonly id: string;
  /** The name that it had. */
  readonly name: string;
  /** When it may be removed. */
  readonly expires: Date;
}

export interface PoolCapacity {
  /** What the pool can still take, in bytes, replication counted. */
  readonly availableBytes: bigint;
}

/** An outcome that tells two controllers apart: the value was as expected and is changed, or it was not. */
export type Swapped = 'swapped' | 'differs';

/** Work that is left to do, kept beside the index entry that it came from. */
export interface StoredTask {
  /** The index key that it is kept beside. */
  readonly key: string;
  /** What tells it from other work of that key. */
  readonly id: string;
  readonly value: string;
}

/** Changes of tasks that happen together with a change of the entry they are kept beside, or not at all. */
export interface TaskChanges {
  readonly put?: ReadonlyArray<Pick<StoredTask, 'id' | 'value'>>;
  /** Only where there is none with that id. */
  readonly add?: ReadonlyArray<Pick<StoredTask, 'id' | 'value'>>;
  /** Only where each still has this value. */
  readonly take?: ReadonlyArray<Pick<StoredTask, 'id' | 'value'>>;
}

/** A map from a CSI name's key to what it stands for, which changes by compare-and-set alone. */
export interface Index {
  read(key: string): Promise<string | undefined>;
  /**
   * Changes a value from `expected` (undefined: absent) to `next` (undefined: remove it), and tasks with it, in
   * one RADOS operation.
   */
  swap(
    key: string,
    expected: string | undefined,
    next: string | undefined,
    tasks?: TaskChanges,
  ): Promise<Swapped>;
  /** Entries behind `after` (undefined: from the start) in a stable order. */
  list(
    after: string | undefined,
    limit: number,
  ): Promise<ReadonlyArray<{ readonly key: string; readonly value: string }>>;
  listTasks(): Promise<readonly StoredTask[]>;
  /** Changes one task, where it still has `expected` (undefined: absent), to `next` (undefined: remove it). */
  swapTask(
    task: Pick<StoredTask, 'key' | 'id'>,
    expected: string | undefined,
    next: string | undefined,
  ): Promise<Swapped>;
}

export interface Indexes {
  /** What the names of volumes stand for. */
  readonly names: Index;
  /** What the names of snapshots stand for. */
  readonly snapshotNames: Index;
}

/**
 * One Ceph cluster as one user. Every call has a limit of its own and fails with a VolumeError:
 * cluster-unavailable, cluster-denied, cluster-full, unknown-pool, unknown-namespace or ceph-error.
 */
export interface Cluster extends Indexes, ImageReader {
  readonly name: string;

  /** The indexes in other pools: those of plugins that have another default pool. */
  indexesElsewhere(): Promise<readonly Indexes[]>;

  /** The node registry, kept beside the name index: node id to what the node says of itself. */
  writeNode(nodeId: string, value: string): Promise<void>;
  readNode(nodeId: string): Promise<string | undefined>;
  listNodes(): Promise<ReadonlyMap<string, string>>;
  /** This client's own addresses as its watchers show them: "192.0.2.1". */
  address(): Promise<string>;
  kernelAccess(): Promise<KernelAccess>;
  /** Takes or keeps the cluster's background work, for so many seconds; false where another one has it. */
  holdWork(owner: string, seconds: number): Promise<boolean>;
  /** Lets go of it at once. */
  releaseWork(owner: string): Promise<void>;

  /** Creates a format 2 image. 'exists' where the name is taken. */
  createImage(spec: ImageSpec, layout: ImageLayout): Promise<'created' | 'exists'>;
  /**
   * Clones a snapshot (clone format 2) as an image of the snapshot's size, whatever the layout says of it.
   * 'exists' where the name is taken, 'gone' where there is no such snapshot.
   */
  cloneImage(
    source: Place & { readonly imageId: string; readonly snapshot: string },
    spec: ImageSpec,
    layout: ImageLayout,
  ): Promise<'created' | 'exists' | 'gone'>;
  /** Reads an image's header without opening the image, or undefined where there is none. */
  readImage(spec: ImageSpec): Promise<Image | undefined>;
  /** The same by RBD's id, in the trash or not. */
  readImageById(place: Place, imageId: string): Promise<Image | undefined>;
  /** Every image of a pool and namespace that has a name, by that name: RBD's ids. */
  listImages(place: Place): Promise<ReadonlyMap<string, string>>;
  /** The name of an image, or undefined where it is in the trash or gone. */
  nameOf(place: Place, imageId: string): Promise<string | undefined>;
  /**
   * RBD's id of what a creation or a move to the trash that is not finished inside Ceph has under a name: createImage
   * says 'exists' there and readImage finds nothing. Undefined where the name is free or leads to an image.
   */
  findRemains(spec: ImageSpec): Promise<string | undefined>;
  /** Frees a name of such remains. An image that is whole by now is left alone, and so is what has another id. */
  clearRemains(spec: ImageSpec, imageId: string): Promise<void>;
  /**
   * Changes image metadata in one RADOS operation, where every key in `expected` still has that value
   * (undefined: absent). A key set to undefined is removed.
   */
  swapMetadata(
    place: Place,
    imageId: string,
    expected: Readonly<Record<string, string | undefined>>,
    next: Readonly<Record<string, string | undefined>>,
  ): Promise<Swapped | 'gone'>;
  /** Clients that watch the image's header; empty where it is gone. */
  watchers(spec: ImageSpec): Promise<readonly Watcher[]>;
  /** Addresses of the controllers that have an image open to work on it: they use none of its data. */
  workers(place: Place, imageId: string): Promise<readonly string[]>;
  /**
   * Grows an image to a size in bytes. It never shrinks one, however the calls of two controllers fall:
   * 'larger' where it has that size or more already.
   */
  growImage(spec: ImageSpec, sizeBytes: bigint): Promise<'grown' | 'larger' | 'gone'>;
  /** True where no object of the image's own holds a byte; what a clone has of its parent does not count. */
  isBlank(spec: ImageSpec): Promise<boolean>;
  /** Copies into a clone what it has of its parent, so that it needs it no more. 'busy' where it must wait. */
  flattenImage(
    place: Place,
    imageId: string,
    parent: Parent | undefined,
    onProgress: (percent: number) => void,
  ): Promise<'flattened' | 'gone' | 'busy'>;

  /** Takes an RBD snapshot: it costs one proposal of the monitors. */
  takeSnapshot(place: Place, imageId: string, name: string): Promise<'taken' | 'exists' | 'gone'>;
  /** An image's snapshots, whether it is in the trash or not; undefined where there is no such image. */
  snapshots(place: Place, imageId: string): Promise<readonly ImageSnapshot[] | undefined>;
  /**
   * Removes a snapshot, which costs one proposal; one with clones goes to RBD's trash name space instead. One
   * that is gone is 'removed', and what a removal left that was cut short is removed too.
   */
  removeSnapshot(place: Place, imageId: string, name: string): Promise<'removed' | 'busy'>;

  /** Renames an image, where it still has that name. 'gone' where another image has it by now, or none. */
  renameImage(spec: ImageSpec, imageId: string, name: string): Promise<'renamed' | 'gone'>;
  /**
   * Moves an image to the pool's trash, to be kept there until then. 'gone' where the name is free or another
   * image has it by now, which is left alone. It does not look who has the image open.
   */
  trashImage(spec: ImageSpec, imageId: string, until: Date): Promise<'trashed' | 'gone'>;
  /**
   * Gives an image a name, and takes it out of the trash where it is there. 'exists' where another image has the
   * name, 'gone' where there is no such image.
   */
  restoreImage(spec: ImageSpec, imageId: string): Promise<'restored' | 'exists' | 'gone'>;
  listTrash(place: Place): Promise<readonly TrashedImage[]>;
  /**
   * Frees a trashed image's space, and the snapshot of its parent that only it kept. 'busy' where it must wait;
   * removing what is gone is 'removed'.
   */
  purgeTrashed(
    place: Place,
    imageId: string,
    parent: Parent | undefined,
  ): Promise<'removed' | 'busy'>;

  capacity(pool: string): Promise<PoolCapacity>;
  /** Pools with the application "rbd", by name. */
  listPools(): Promise<readonly string[]>;
  /** RADOS namespaces of a pool, '' (the default one) first. */
  listNamespaces(pool: string): Promise<readonly string[]>;
}

/** The configured clusters, connected when first used and kept. */
export interface Clusters {
  /** Names, the default one first. */
  readonly names: readonly string[];
  /** The name of the cluster that ceph-csi's parameters call so. */
  nameOf(id: string): string | undefined;
  /** The pool that `cluster` uses where none is asked for. */
  defaultPool(cluster: string): string;
  /** How many bytes of volumes the configuration gives a pool; undefined: as many as there is room for. */
  quota(cluster: string, pool: string): bigint | undefined;
  /** Where ListVolumes shows images that Pannier did not create. */
  foreignPlaces(cluster: string): readonly Place[];
  /**
   * The connection to a cluster, as the plugin's own user, or as `credentials`.
   * Fails with unknown-cluster. It does not wait for the cluster: the first call does.
   */
  get(cluster: string, credentials?: Credentials): Cluster;
  close(): Promise<void>;
}
