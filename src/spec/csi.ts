import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type CreateVolumeRequestSchema,
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeCapabilitySchema,
} from '../proto/csi/v1/csi_pb.js';
import type { AccessModeWord, SpecCapability } from './volume/capabilities.js';
import type { VolumeSpec } from './volume.js';

type CreateVolumeInit = Exclude<
  MessageInitShape<typeof CreateVolumeRequestSchema>,
  { $typeName: string }
>;
type CapabilityInit = Exclude<
  MessageInitShape<typeof VolumeCapabilitySchema>,
  { $typeName: string }
>;

/** CreateVolume as Nomad sends it for a specification. Its name is the volume's name, not its ID. */
export function createVolumeRequest(spec: VolumeSpec): CreateVolumeInit {
  const range = capacityRangeOf(spec);
  const source = contentSourceOf(spec);
  const { required = [], preferred = [] } = spec.topologyRequest ?? {};
  return {
    name: spec.name,
    ...(range === undefined ? {} : { capacityRange: range }),
    volumeCapabilities: capabilitiesOf(spec),
    parameters: { ...spec.parameters },
    secrets: { ...spec.secrets },
    ...(source === undefined ? {} : { volumeContentSource: source }),
    // Nomad sends it even where nothing is asked for.
    accessibilityRequirements: {
      requisite: required.map((segments) => ({ segments: { ...segments } })),
      preferred: preferred.map((segments) => ({ segments: { ...segments } })),
    },
  };
}

/** The sizes asked for, in bytes; undefined where none is. */
export function capacityRangeOf(
  spec: Pick<VolumeSpec, 'capacityMin' | 'capacityMax'>,
): { requiredBytes: bigint; limitBytes: bigint } | undefined {
  return spec.capacityMin === 0n && spec.capacityMax === 0n
    ? undefined
    : { requiredBytes: spec.capacityMin, limitBytes: spec.capacityMax };
}

/** All capabilities of a specification, each with its mount options. */
export function capabilitiesOf(spec: VolumeSpec): CapabilityInit[] {
  return spec.capabilities.map((capability) => toCsi(capability, spec));
}

/** One capability, to publish and stage a volume with. Throws RangeError where there is none at `index`. */
export function capabilityOf(spec: VolumeSpec, index = 0): CapabilityInit {
  const capability = spec.capabilities[index];
  if (capability === undefined) throw new RangeError(`there is no capability ${index}`);
  return toCsi(capability, spec);
}

const MODES: Readonly<Record<AccessModeWord, Mode>> = {
  'single-node-writer': Mode.SINGLE_NODE_WRITER,
  'single-node-reader-only': Mode.SINGLE_NODE_READER_ONLY,
  'multi-node-reader-only': Mode.MULTI_NODE_READER_ONLY,
  'multi-node-single-writer': Mode.MULTI_NODE_SINGLE_WRITER,
  'multi-node-multi-writer': Mode.MULTI_NODE_MULTI_WRITER,
  'single-node-single-writer': Mode.SINGLE_NODE_SINGLE_WRITER,
  'single-node-multi-writer': Mode.SINGLE_NODE_MULTI_WRITER,
};

function toCsi(capability: SpecCapability, spec: VolumeSpec): CapabilityInit {
  const accessMode = { mode: MODES[capability.accessMode] };
  if (capability.attachmentMode === 'block-device')
    return { accessMode, accessType: { case: 'block', value: {} } };
  const { fsType = '', mountFlags = [] } = spec.mountOptions ?? {};
  return {
    accessMode,
    accessType: { case: 'mount', value: { fsType, mountFlags: [...mountFlags] } },
  };
}

function contentSourceOf(spec: VolumeSpec): CreateVolumeInit['volumeContentSource'] {
  if (spec.snapshotId !== '')
    return { type: { case: 'snapshot', value: { snapshotId: spec.snapshotId } } };
  return spec.cloneId === ''
    ? undefined
    : { type: { case: 'volume', value: { volumeId: spec.cloneId } } };
}
