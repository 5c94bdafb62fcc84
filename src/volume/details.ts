import type { VolumeHandle } from './handle.js';

type Place = Pick<VolumeHandle, 'pool' | 'namespace'>;

/** What an image's header says besides its size, its snapshots and its parent. */
export interface ImageDetails {
  /** By the names that `rbd` gives them; of one that this version does not know, its number: "feature 11". */
  readonly features: readonly string[];
  /** True where nobody trusts the object map, until it is rebuilt. */
  readonly objectMapInvalid: boolean;
  readonly objectSizeBytes: bigint;
  /** The pool that holds the data, where that is another one. */
  readonly dataPool: string | undefined;
  readonly created: Date;
}

/** A lock on an image's header, and who has it. */
export interface ImageLock {
  /** "rbd_lock" is the one of `rbd lock`, and of the feature exclusive-lock. */
  readonly name: string;
  readonly exclusive: boolean;
  readonly holders: ReadonlyArray<{
    /** "client.4711". */
    readonly client: string;
    readonly cookie: string;
    /** As Ceph prints it: "192.0.2.1:0/123456". */
    readonly address: string;
  }>;
}

/** An image that was cloned from a snapshot of another one. */
export interface ChildImage extends Place {
  /** That of one in the trash is the name that it had. */
  readonly image: string;
  readonly imageId: string;
  readonly inTrash: boolean;
}

/** How much of an image its own objects hold; what it has of a parent does not count. */
export interface UsedBytes {
  /** In whole objects, so that it is never too little for what was looked at. */
  readonly bytes: bigint;
  /** How much of the image was looked at in the time that there was. */
  readonly lookedAtBytes: bigint;
}

/** What ceph-csi wrote of a volume into its journal. */
export interface JournalEntry {
  /** The CSI name. */
  readonly name: string;
  readonly image: string;
  /** RBD's id; '' where an older version wrote it. */
  readonly imageId: string;
}

/** Looks at images and changes nothing: none is opened for writing. Each fails as the calls of Cluster do. */
export interface ImageReader {
  /** Undefined where there is no such image. */
  details(place: Place, imageId: string): Promise<ImageDetails | undefined>;
  /** Locks that anybody holds; none where there is no such image. */
  locks(place: Place, imageId: string): Promise<readonly ImageLock[]>;
  /** Clones of any of its snapshots. */
  children(place: Place, imageId: string): Promise<readonly ChildImage[]>;
  /** Looks for so many milliseconds at most, except where one look at the object map tells it all. */
  usedBytes(place: Place, imageId: string, limitMs: number): Promise<UsedBytes | undefined>;
  /** The name of the pool that has a number. */
  poolNamed(id: bigint): Promise<string | undefined>;
  /** What ceph-csi's journal in a pool has of the volume with that UUID. */
  journalEntry(place: Place, uuid: string): Promise<JournalEntry | undefined>;
}
