import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CreateVolumeRequestSchema } from '../proto/csi/v1/csi_pb.js';
import { parseHandle } from '../volume/handle.js';
import { keyOfImageName } from '../volume/name.js';
import { parseSnapshotHandle } from '../volume/snapshot/handle.js';
import { capabilityFlags, capabilityOf, readUsage } from './capabilities.js';
import { type ContentSource, toContentSource } from './content-source.js';
import { option } from './flags.js';
import { parameterFlags, readParameterFlags } from './parameters.js';
import { readSize } from './sizes.js';

// CreateVolume asks for what a volume can do; a mount says whether it may be written.
const { 'read-only': _, ...usageFlags } = capabilityFlags;

/** For commands that make a volume from another's content. */
export const copyFlags = {
  size: option({
    value: 'size',
    description:
      'The size of the new volume, such as 20GiB. Without it, that of the source. A larger file system grows when it is first mounted.',
  }),
  ...parameterFlags,
  ...usageFlags,
};

type CopyFlags = { readonly [name in keyof typeof usageFlags]: string | undefined } & {
  readonly 'access-mode': string;
  readonly 'attachment-mode': string;
  readonly size: string | undefined;
  readonly parameter: readonly string[];
};

/** What the new volume is to be, but for its name and its content. */
export interface Copy {
  /** Undefined: as large as the source. */
  readonly sizeBytes: bigint | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly capability: ReturnType<typeof capabilityOf>;
}

/** Reads the flags. Throws UsageError. */
export function readCopy(flags: CopyFlags): Copy {
  return {
    sizeBytes: flags.size === undefined ? undefined : readSize(flags.size),
    parameters: readParameterFlags(flags.parameter),
    capability: capabilityOf(readUsage({ ...flags, 'read-only': false })),
  };
}

/** CreateVolume of a volume that begins with the content of another, in its place unless told otherwise. */
export function copyRequest(
  name: string,
  { sizeBytes, parameters, capability }: Copy,
  source: ContentSource & { readonly sizeBytes: bigint },
  secrets: Readonly<Record<string, string>>,
): MessageInitShape<typeof CreateVolumeRequestSchema> {
  const elsewhere = 'cluster' in parameters || 'pool' in parameters;
  return {
    name,
    capacityRange: { requiredBytes: sizeBytes ?? source.sizeBytes },
    volumeCapabilities: [capability],
    parameters: { ...(elsewhere ? {} : placeOf(source)), ...parameters },
    secrets: { ...secrets },
    volumeContentSource: toContentSource(source),
  };
}

/** Where a source is, as parameters: a handle of ours tells it, one of another plugin's does not. */
function placeOf({ kind, id }: ContentSource): Record<string, string> {
  const handle = kind === 'volume' ? parseHandle(id) : parseSnapshotHandle(id)?.volume;
  if (handle === undefined || keyOfImageName(handle.image) === undefined) return {};
  const { cluster, pool, namespace } = handle;
  return { cluster, pool, ...(namespace === '' ? {} : { namespace }) };
}
