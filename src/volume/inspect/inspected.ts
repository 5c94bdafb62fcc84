import type { DeletedVolume } from '../delete/list-deleted.js';
import type { ChildImage, UsedBytes } from '../details.js';
import type { VolumeHandle } from '../handle.js';
import type { Publication } from '../marks.js';
import type { ImageSnapshot, Place, Watcher } from '../store.js';

/** All that a controller can tell of a volume, or of an image that is none. */
export interface InspectedVolume {
  /** Where its image is, or would be. */
  readonly handle: VolumeHandle;
  readonly record: InspectedRecord | undefined;
  readonly image: InspectedImage | undefined;
  /** Volumes that had the same handle, are deleted, and whose data is there still. */
  readonly deleted: readonly DeletedVolume[];
  /** How much of it the background has flattened; undefined where it does not. */
  readonly flattenedPercent: number | undefined;
  /** What could not be read. */
  readonly gaps: readonly Gap[];
}

/** What of an image can be unknown while the rest is read: the `part` of a gap. */
export type ImagePart =
  | 'features'
  | 'used'
  | 'published'
  | 'watchers'
  | 'locks'
  | 'snapshots'
  | 'children'
  | 'parents'
  | 'nodes';

/** A part that could not be read, and why. */
export interface Gap {
  readonly part: string;
  readonly problem: string;
}

/** What a CSI plugin wrote of a volume. */
export interface InspectedRecord {
  readonly keeper: 'pannier' | 'ceph-csi';
  /** The CSI name. */
  readonly name: string;
  /** What was asked for; undefined where the plugin does not keep it. */
  readonly sizeBytes: bigint | undefined;
  /** "snapshot ID", "volume ID", or '' for nothing. */
  readonly source: string;
  /** What shapes the image besides its place. */
  readonly layout: string;
  /** The host that it belongs to, where hosts are kept apart. */
  readonly host: string | undefined;
  /**
   * 'whole': the plugin's index and the image say the same. 'pending': a creation that is not finished.
   * 'no-image', 'no-mark', 'no-entry': the image, its own record, or the entry of the index is missing.
   * 'differs': the index has another image under that name.
   */
  readonly state: 'whole' | 'pending' | 'no-image' | 'no-mark' | 'no-entry' | 'differs';
}

/** A list that is undefined could not be read, and says nothing of what is there. */
export interface InspectedImage {
  /** RBD's id. */
  readonly id: string;
  readonly sizeBytes: bigint;
  readonly used: UsedBytes | undefined;
  readonly features: readonly string[] | undefined;
  readonly objectMapInvalid: boolean;
  readonly objectSizeBytes: bigint | undefined;
  readonly dataPool: string | undefined;
  readonly created: Date | undefined;
  /** A deletion marked it: nobody may use it any more. */
  readonly deleting: boolean;
  /** Where it is published, by node id. */
  readonly published: Readonly<Record<string, Publication>> | undefined;
  readonly watchers: readonly InspectedWatcher[] | undefined;
  readonly locks: readonly InspectedLock[] | undefined;
  readonly snapshots: readonly InspectedSnapshot[] | undefined;
  readonly children: readonly ChildImage[] | undefined;
  /** The snapshot that it is a clone of, that one's, and so on. */
  readonly parents: readonly InspectedParent[] | undefined;
}

/** Somebody at an address. */
interface Somebody {
  /** Ids of the nodes that said that their Ceph clients speak from there; undefined where it is not known what they said. */
  readonly nodes: readonly string[] | undefined;
}

export interface InspectedWatcher extends Watcher, Somebody {
  /** A controller that works on the image, and uses none of its data. */
  readonly works: boolean;
}

export interface InspectedLock extends Somebody {
  readonly name: string;
  readonly exclusive: boolean;
  readonly client: string;
  readonly cookie: string;
  readonly address: string;
}

export interface InspectedSnapshot extends ImageSnapshot {
  /** CSI's `snapshot_id`, where it is one of Pannier's. */
  readonly handle: string | undefined;
}

export interface InspectedParent extends Place {
  readonly imageId: string;
  /** Undefined where the image is in the trash. */
  readonly image: string | undefined;
  readonly snapshot: string | undefined;
  /** The volume that it is or was, where Pannier made it. */
  readonly volume: string | undefined;
}
