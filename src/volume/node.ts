import type { Capability } from './capability.js';
import type { InspectedOnNode } from './inspect/on-node.js';
import type { CapacityRange } from './size.js';
import type { Credentials } from './store.js';

/** A volume as the node's calls name it: the raw `volume_id`, since unstaging works where the volume is unknown. */
interface OnNode {
  readonly volumeId: string;
}

export interface StageRequest extends OnNode {
  readonly stagingPath: string;
  readonly capability: Capability;
  readonly credentials: Credentials | undefined;
}

export interface PublishRequest extends OnNode {
  /** '' where the caller gave none. */
  readonly stagingPath: string;
  readonly targetPath: string;
  readonly capability: Capability;
  readonly readonly: boolean;
}

export interface ExpandRequest extends OnNode {
  readonly volumePath: string;
  readonly range: CapacityRange;
  readonly capability: Capability | undefined;
}

/** One line of NodeGetVolumeStats. */
export interface Usage {
  readonly unit: 'BYTES' | 'INODES';
  readonly total: bigint;
  readonly used: bigint;
  readonly available: bigint;
}

/**
 * What a node does with volumes. Each call can be repeated after a crash at any point, and fails with a
 * VolumeError. Calls for one volume are put in line by the caller.
 */
export interface NodeVolumes {
  /** Maps the image, formats it if it is empty, mounts it at the staging path, grows its file system. */
  stage(request: StageRequest): Promise<void>;
  /** Takes down what stage made; it is not an error when there is nothing. */
  unstage(request: OnNode & { readonly stagingPath: string }): Promise<void>;
  publish(request: PublishRequest): Promise<void>;
  /** Unmounts and removes the target; it is not an error when there is none. */
  unpublish(request: OnNode & { readonly targetPath: string }): Promise<void>;
  usage(request: OnNode & { readonly volumePath: string }): Promise<readonly Usage[]>;
  /** Grows device and file system to the image's size. Answers the device's size in bytes. */
  expand(request: ExpandRequest): Promise<bigint>;
  /** What there is of a volume; it waits for no other call, and changes nothing. */
  inspect(volumeId: string): Promise<InspectedOnNode>;
  /** The volume that was staged or published at a path; undefined where none was. */
  volumeAt(path: string): Promise<string | undefined>;
}

/** What a node tells the controllers of itself through the node registry. */
export interface NodeRecord {
  readonly hostname: string;
  /** The IP address that the node's Ceph clients speak from. */
  readonly address: string;
}
