import type { VolumeHandle } from '../../volume/handle.js';
import type { Credentials } from '../../volume/store.js';

/** A block device of the kernel's that an image is behind. */
export interface Device {
  /** "/dev/loop0". */
  readonly path: string;
  /** "major:minor", as mountinfo shows it. */
  readonly number: string;
  readonly readonly: boolean;
}

/** What there is of an image on this node, whole or in parts. */
export interface Mapping {
  readonly devices: readonly Device[];
  /** False where a part is missing or what serves the device has died: then it can only be taken down. */
  readonly alive: boolean;
}

export interface MapRequest {
  readonly volumeId: string;
  readonly handle: VolumeHandle;
  /** RBD's internal id of the image. */
  readonly imageId: string;
  readonly credentials: Credentials | undefined;
  readonly readonly: boolean;
  /** True where other nodes may use the image at the same time, so that nothing may be cached. */
  readonly shared: boolean;
}

/**
 * One way to make block devices of images. An image has at most one mapping a node, with at most one
 * writable and one read-only device. Every method tells the kernel's state and keeps none of its own, so that
 * each can be repeated after a crash.
 */
export interface Mapper {
  readonly name: string;
  /** Why this node cannot map this way, in words that follow a colon; undefined where it can. */
  unavailable(): Promise<string | undefined>;
  /** What there is of a volume; undefined where there is nothing. */
  find(volumeId: string): Promise<Mapping | undefined>;
  /** The volume that a device (by path) is of, where this mapper made it. */
  ownerOf(devicePath: string): Promise<string | undefined>;
  /** The volumes that anything is left of. */
  list(): Promise<readonly string[]>;
  /** The device of an image, which is made where it is missing. */
  map(request: MapRequest, call: 'stage' | 'publish'): Promise<Device>;
  /** Takes one device away and leaves the mapping. */
  detach(volumeId: string, device: Device): Promise<void>;
  /** Takes a mapping down, whole or broken, and waits until the image is let go. Fails with volume-in-use. */
  unmap(volumeId: string): Promise<void>;
  /** Makes a device as large as its image has become. */
  refresh(volumeId: string, device: Device): Promise<void>;
  /** In bytes. */
  sizeOf(device: Device): Promise<bigint>;
}
