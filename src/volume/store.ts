import type { VolumeHandle } from './handle.js';

/** Who speaks to a cluster, where a request brings credentials of its own. */
export interface Credentials {
  readonly user: string;
  readonly key: string;
}

/** Where an image is; the cluster is known from the object that is asked. */
export type ImageSpec = Pick<VolumeHandle, 'pool' | 'namespace' | 'image'>;

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
}

/** All image metadata that Pannier writes is under this prefix. */
export const METADATA_PREFIX = 'pannier.';

/** A client that has an image open for writing. */
export interface Watcher {
  /** As Ceph prints it: "192.0.2.1:0/123456". */
  readonly address: string;
  readonly clientId: bigint;
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

/**
 * One Ceph cluster as one user. Every call has a limit of its own and fails with a VolumeError:
 * cluster-unavailable, cluster-denied, cluster-full, unknown-pool, unknown-namespace or ceph-error.
 */
export interface Cluster {
  readonly name: string;

  /** One value of the name index, or undefined. */
  readName(key: string): Promise<string | undefined>;
  /**
   * Changes a value of the name index from `expected` (undefined: absent) to `next` (undefined: remove it),
   * in one RADOS operation.
   */
  swapName(key: string, expected: string | undefined, next: string | undefined): Promise<Swapped>;
  /** Entries of the name index behind `after` (undefined: from the start) in a stable order. */
  listNames(
    after: string | undefined,
    limit: number,
  ): Promise<ReadonlyArray<{ readonly key: string; readonly value: string }>>;

  /** The node registry, kept beside the name index: node id to what the node says of itself. */
  writeNode(nodeId: string, value: string): Promise<void>;
  readNode(nodeId: string): Promise<string | undefined>;
  /** This client's own addresses as its watchers show them: "192.0.2.1". */
  address(): Promise<string>;

  /** Creates a format 2 image. 'exists' where the name is taken. */
  createImage(spec: ImageSpec, layout: ImageLayout): Promise<'created' | 'exists'>;
  /** Reads an image's header without opening the image, or undefined where there is none. */
  readImage(spec: ImageSpec): Promise<Image | undefined>;
  /**
   * Clears what a creation or a move to the trash that was cut short inside Ceph left under a name: createImage
   * says 'exists' there and readImage finds nothing. An image that is whole is left alone.
   */
  clearRemains(spec: ImageSpec): Promise<void>;
  /**
   * Changes image metadata in one RADOS operation, where every key in `expected` still has that value
   * (undefined: absent). A key set to undefined is removed.
   */
  swapMetadata(
    spec: Pick<ImageSpec, 'pool' | 'namespace'>,
    imageId: string,
    expected: Readonly<Record<string, string | undefined>>,
    next: Readonly<Record<string, string | undefined>>,
  ): Promise<Swapped | 'gone'>;
  /** Clients that watch the image's header; empty where it is gone. */
  watchers(spec: ImageSpec): Promise<readonly Watcher[]>;
  /**
   * Grows an image to a size in bytes. It never shrinks one, however the calls of two controllers fall:
   * 'larger' where it has that size or more already.
   */
  growImage(spec: ImageSpec, sizeBytes: bigint): Promise<'grown' | 'larger' | 'gone'>;
  /** True where no object of the image holds a byte. */
  isBlank(spec: ImageSpec): Promise<boolean>;
  /**
   * Moves an image to the pool's trash. 'gone' where the name is free or another image has it by now, which is
   * left alone; 'busy' where a client has the image open for writing.
   */
  trashImage(spec: ImageSpec, imageId: string): Promise<'trashed' | 'gone' | 'busy'>;
  listTrash(spec: Pick<ImageSpec, 'pool' | 'namespace'>): Promise<readonly TrashedImage[]>;
  /** Reads a trashed image's metadata by its id. */
  readTrashed(
    spec: Pick<ImageSpec, 'pool' | 'namespace'>,
    imageId: string,
  ): Promise<Image | undefined>;
  /** Frees a trashed image's space. 'busy' where it must wait; removing what is gone is 'removed'. */
  purgeTrashed(
    spec: Pick<ImageSpec, 'pool' | 'namespace'>,
    imageId: string,
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
  /** The pool that `cluster` uses where none is asked for. */
  defaultPool(cluster: string): string;
  /**
   * The connection to a cluster, as the plugin's own user, or as `credentials`.
   * Fails with unknown-cluster. It does not wait for the cluster: the first call does.
   */
  get(cluster: string, credentials?: Credentials): Cluster;
  close(): Promise<void>;
}
