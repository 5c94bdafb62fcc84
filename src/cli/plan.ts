import { create } from '@bufbuild/protobuf';
import { redact } from '../csi/wire/redact.js';
import { CreateVolumeRequestSchema } from '../proto/csi/v1/csi_pb.js';
import { createVolumeRequest } from '../spec/csi.js';
import type { VolumeSpec } from '../spec/volume.js';

/** A request that a command would send, under the CSI specification's names, without its secrets. */
export interface PlannedRequest {
  readonly rpc: string;
  readonly request: Readonly<Record<string, unknown>>;
}

/** What `volume create` would send for a specification, in order. */
export function plannedRequests(spec: VolumeSpec): readonly PlannedRequest[] {
  const request = create(CreateVolumeRequestSchema, createVolumeRequest(spec));
  return [
    { rpc: 'csi.v1.Controller/CreateVolume', request: redact(CreateVolumeRequestSchema, request) },
  ];
}
