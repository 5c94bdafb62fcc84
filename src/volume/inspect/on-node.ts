import type { Gap } from './inspected.js';

/** What a node has of a volume, as the kernel shows it and as the node remembers it. */
export interface InspectedOnNode {
  readonly volumeId: string;
  readonly nodeId: string;
  readonly hostname: string;
  /** Undefined where the image is not mapped here. */
  readonly mapping: InspectedMapping | undefined;
  /** What the node was told to stage. */
  readonly stagings: readonly InspectedStaging[];
  /** Paths at which the volume is mounted and of which no record tells. */
  readonly unknownPaths: readonly string[];
  /** Undefined where none is mounted. */
  readonly fileSystem: InspectedFileSystem | undefined;
  /** Processes that use it: "4711 (postgres)". */
  readonly holders: readonly string[];
  readonly gaps: readonly Gap[];
}

export interface InspectedMapping {
  /** "fuse", for one. */
  readonly mapper: string;
  /** False where a part is missing or what serves the device has died. */
  readonly alive: boolean;
  readonly devices: ReadonlyArray<{
    readonly path: string;
    readonly readonly: boolean;
    /** Undefined where the device does not tell. */
    readonly sizeBytes: bigint | undefined;
  }>;
}

export interface InspectedStaging {
  readonly path: string;
  /** 'staging' from before the first step until after the last one. */
  readonly state: 'staging' | 'staged';
  /** RBD's id of the image that was mapped. */
  readonly imageId: string;
  /** CSI's access mode. */
  readonly mode: string;
  readonly access: 'mount' | 'block';
  /** Undefined where nothing of the volume is mounted there, as is right for a block volume. */
  readonly mount: InspectedMount | undefined;
  readonly targets: ReadonlyArray<{
    readonly path: string;
    /** As it was asked for. */
    readonly readonly: boolean;
    readonly mount: InspectedMount | undefined;
  }>;
}

export interface InspectedMount {
  readonly device: string;
  readonly fsType: string;
  readonly readonly: boolean;
}

export interface InspectedFileSystem {
  readonly type: string;
  readonly totalBytes: bigint;
  readonly usedBytes: bigint;
  readonly availableBytes: bigint;
  readonly inodes: bigint;
  readonly usedInodes: bigint;
  /** It leaves a part of its device unused. */
  readonly smaller: boolean;
}
