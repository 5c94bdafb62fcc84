import type { SnapshotRecord } from './record.js';

/** A snapshot as the controller answers it. */
export interface Snapshot {
  readonly id: string;
  /** The CSI name. */
  readonly name: string;
  /** The handle that the volume had, which may be deleted by now. */
  readonly sourceVolumeId: string;
  readonly sizeBytes: bigint;
  readonly created: Date;
}

export function toSnapshot(record: SnapshotRecord): Snapshot {
  return {
    id: record.handle,
    name: record.name,
    sourceVolumeId: record.source,
    sizeBytes: BigInt(record.sizeBytes),
    created: new Date(record.created),
  };
}
