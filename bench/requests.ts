import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeCapabilitySchema,
} from '../src/proto/csi/v1/csi_pb.js';

export const GIB = 1n << 30n;

type Capability = MessageInitShape<typeof VolumeCapabilitySchema>;

/** One node that mounts ext4 and writes. */
export const EXT4_WRITER: Capability = {
  accessType: { case: 'mount', value: { fsType: 'ext4' } },
  accessMode: { mode: Mode.SINGLE_NODE_WRITER },
};

/** A CreateVolume request for 1 GiB. */
export function blank(name: string) {
  return {
    name,
    capacityRange: { requiredBytes: GIB },
    volumeCapabilities: [EXT4_WRITER],
  };
}
