import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { redact, STRIPPED } from '../../csi/wire/redact.js';
import {
  ControllerExpandVolumeRequestSchema,
  CreateVolumeRequestSchema,
  ValidateVolumeCapabilitiesRequestSchema,
} from '../../proto/csi/v1/csi_pb.js';
import { capabilitiesOf, capacityRangeOf, createVolumeRequest } from '../../spec/csi.js';
import {
  nomadVolumePath,
  nomadVolumeRequest,
  type NomadVolume as SentVolume,
} from '../../spec/nomad.js';
import type { VolumeSpec } from '../../spec/volume.js';

/** A request that would be sent, without its secrets: to a plugin, under CSI's names, or to Nomad. */
export type PlannedRequest =
  | {
      readonly rpc: string;
      readonly request: Readonly<Record<string, unknown>>;
      /** Nomad sends it. */
      readonly byNomad: boolean;
    }
  | { readonly method: string; readonly path: string; readonly body: object };

export function toCreate(spec: VolumeSpec, byNomad: boolean): PlannedRequest {
  return rpc('CreateVolume', CreateVolumeRequestSchema, createVolumeRequest(spec), byNomad);
}

/** Growing the volume that the plugin calls `id` to what the specification asks for. */
export function toExpand(spec: VolumeSpec, id: string, byNomad: boolean): PlannedRequest {
  const request = {
    volumeId: id,
    capacityRange: capacityRangeOf(spec) ?? {},
    secrets: { ...spec.secrets },
  };
  return rpc('ControllerExpandVolume', ControllerExpandVolumeRequestSchema, request, byNomad);
}

/** What Nomad asks a controller before it registers a volume: all but the mount options. */
export function toValidate(spec: VolumeSpec, id: string): PlannedRequest {
  const { mountOptions: _, ...plain } = spec;
  const request = {
    volumeId: id,
    volumeContext: { ...spec.context },
    volumeCapabilities: capabilitiesOf(plain),
    parameters: { ...spec.parameters },
    secrets: { ...spec.secrets },
  };
  const schema = ValidateVolumeCapabilitiesRequestSchema;
  return rpc('ValidateVolumeCapabilities', schema, request, true);
}

/** The very JSON for Nomad, but for its secrets. */
export function toNomad(verb: 'create' | 'register', volume: SentVolume): PlannedRequest {
  const Secrets =
    volume.Secrets &&
    Object.fromEntries(Object.keys(volume.Secrets).map((key) => [key, STRIPPED] as const));
  return {
    method: 'PUT',
    path: nomadVolumePath(volume.ID, verb),
    body: nomadVolumeRequest({ ...volume, Secrets }),
  };
}

function rpc<Schema extends DescMessage>(
  method: string,
  schema: Schema,
  request: MessageInitShape<Schema>,
  byNomad: boolean,
): PlannedRequest {
  return {
    rpc: `csi.v1.Controller/${method}`,
    request: redact(schema, create(schema, request)),
    byNomad,
  };
}
