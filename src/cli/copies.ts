import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CreateVolumeRequestSchema } from '../proto/csi/v1/csi_pb.js';
import type { AccessModeWord, AttachmentModeWord } from '../spec/volume/capabilities.js';
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
  /** The same as the capability, in Nomad's words. */
  readonly usage: {
    readonly accessMode: AccessModeWord;
    readonly attachmentMode: AttachmentModeWord;
    readonly fsType: string;
    readonly mountFlags: readonly string[];
  };
}

/** Reads the flags. Throws UsageError. */
export function readCopy(flags: CopyFlags): Copy {
  const usage = readUsage({ ...flags, 'read-only': false });
  return {
    sizeBytes: flags.size === undefined ? undefined : readSize(flags.size),
    parameters: readParameterFlags(flags.parameter),
    capability: capabilityOf(usage),
    usage: {
      ...{ fsType: usage.fsType, mountFlags: usage.mountFlags },
      accessMode: flags['access-mode'] as AccessModeWord,
      attachmentMode: flags['attachment-mode'] as AttachmentModeWord,
    },
  };
}

/** CreateVolume of a volume that begins with the content of another, in its place unless told otherwise. */
export function copyRequest(
  name: string,
  { sizeBytes, parameters, capability }: Copy,
  source: ContentSource & { readonly sizeBytes: bigint },
  secrets: Readonly<Record<string, string>>,
): MessageInitShape<typeof CreateVolumeRequestSchema> {
  return {
    name,
    capacityRange: { requiredBytes: sizeBytes ?? source.sizeBytes },
    volumeCapabilities: [capability],
    parameters: copyParameters(source, parameters),
    secrets: { ...secrets },
    volumeContentSource: toContentSource(source),
  };
}

/** The parameters of a copy: what is given, and the place of its source unless they name one. */
export function copyParameters(
  source: ContentSource,
  parameters: Readonly<Record<string, string>>,
): Record<string, string> {
  const elsewhere = 'cluster' in parameters || 'pool' in parameters;
  return { ...(elsewhere ? {} : placeOf(source)), ...parameters };
}

/** Where a source is, as parameters: a handle of ours tells it, one of another plugin's does not. */
function placeOf({ kind, id }: ContentSource): Record<string, string> {
  const handle = kind === 'volume' ? parseHandle(id) : parseSnapshotHandle(id)?.volume;
  if (handle === undefined || keyOfImageName(handle.image) === undefined) return {};
  const { cluster, pool, namespace } = handle;
  return { cluster, pool, ...(namespace === '' ? {} : { namespace }) };
}
