import type { CreateVolumeResponse } from '../proto/csi/v1/csi_pb.js';
import { formatBytes } from '../volume/size.js';
import { keyValues } from './columns.js';
import { type ContentSource, contentSource, describeSource } from './content-source.js';

/** A volume that a command made; the keys are those of -json and -t. */
export interface CreatedVolume {
  readonly id: string;
  readonly name: string;
  readonly capacityBytes: bigint;
  readonly source: ContentSource | null;
  readonly context: Readonly<Record<string, string>>;
}

/** What CreateVolume answered for a name. */
export function createdVolume(name: string, { volume }: CreateVolumeResponse): CreatedVolume {
  return {
    id: volume?.volumeId ?? '',
    name,
    capacityBytes: volume?.capacityBytes ?? 0n,
    source: contentSource(volume?.contentSource),
    context: volume?.volumeContext ?? {},
  };
}

export function describeCreated({ id, name, capacityBytes, source }: CreatedVolume): string {
  return keyValues([
    ['ID', id],
    ['Name', name],
    ['Capacity', formatBytes(capacityBytes)],
    ...(source === null ? [] : [['Source', describeSource(source)] as const]),
  ]);
}
