import type { SpecCapability } from './volume/capabilities.js';
import type { Segments } from './volume/topology.js';
import type { VolumeSpec } from './volume.js';

/** A volume in the body of Nomad's API, with every key that Nomad's own command line sends, in its order. */
export interface NomadVolume {
  readonly ID: string;
  readonly Name: string;
  readonly ExternalID: string;
  readonly Namespace: string;
  readonly RequestedTopologies: {
    readonly Required: readonly NomadTopology[] | null;
    readonly Preferred: readonly NomadTopology[] | null;
  } | null;
  readonly Topologies: readonly NomadTopology[] | null;
  readonly AccessMode: string;
  readonly AttachmentMode: string;
  readonly MountOptions: {
    readonly FSType: string;
    readonly MountFlags: readonly string[] | null;
  } | null;
  readonly Secrets: Words;
  readonly Parameters: Words;
  readonly Context: Words;
  readonly Capacity: bigint;
  readonly RequestedCapacityMin: bigint;
  readonly RequestedCapacityMax: bigint;
  readonly RequestedCapabilities: ReadonlyArray<{
    readonly AccessMode: string;
    readonly AttachmentMode: string;
  }> | null;
  readonly CloneID: string;
  readonly SnapshotID: string;
  readonly ReadAllocs: null;
  readonly WriteAllocs: null;
  readonly Allocations: null;
  readonly Schedulable: boolean;
  readonly PluginID: string;
  readonly Provider: string;
  readonly ProviderVersion: string;
  readonly ControllerRequired: boolean;
  readonly ControllersHealthy: bigint;
  readonly ControllersExpected: bigint;
  readonly NodesHealthy: bigint;
  readonly NodesExpected: bigint;
  readonly ResourceExhausted: string;
  readonly CreateIndex: bigint;
  readonly ModifyIndex: bigint;
  readonly CreateTime: bigint;
  readonly ModifyTime: bigint;
}

interface NomadTopology {
  readonly Segments: Segments;
}

type Words = Readonly<Record<string, string>> | null;

/** What creation and registration send. */
export interface NomadVolumeRequest {
  readonly Volumes: readonly NomadVolume[];
  readonly PolicyOverride: boolean;
  readonly Region: '';
  readonly Namespace: '';
  readonly SecretID: '';
}

/** Go's zero time. */
const NEVER = '0001-01-01T00:00:00Z';

/**
 * What Nomad's own command line sends for a specification: what was not written is null, what was written empty
 * is empty, and the keys of what only Nomad itself knows are there without a value.
 */
export function nomadVolume(spec: VolumeSpec): NomadVolume {
  const { mountOptions, topologyRequest } = spec;
  return {
    ID: spec.id,
    Name: spec.name,
    ExternalID: spec.externalId,
    Namespace: spec.namespace,
    RequestedTopologies:
      topologyRequest === undefined
        ? null
        : {
            Required: topologies(topologyRequest.required),
            Preferred: topologies(topologyRequest.preferred),
          },
    Topologies: null,
    AccessMode: '',
    AttachmentMode: '',
    MountOptions:
      mountOptions === undefined
        ? null
        : { FSType: mountOptions.fsType, MountFlags: mountOptions.mountFlags ?? null },
    Secrets: spec.secrets ?? null,
    Parameters: spec.parameters ?? null,
    Context: spec.context ?? null,
    Capacity: 0n,
    RequestedCapacityMin: spec.capacityMin,
    RequestedCapacityMax: spec.capacityMax,
    RequestedCapabilities: spec.capabilities.map(capability),
    CloneID: spec.cloneId,
    SnapshotID: spec.snapshotId,
    ReadAllocs: null,
    WriteAllocs: null,
    Allocations: null,
    Schedulable: false,
    PluginID: spec.pluginId,
    Provider: '',
    ProviderVersion: '',
    ControllerRequired: false,
    ControllersHealthy: 0n,
    ControllersExpected: 0n,
    NodesHealthy: 0n,
    NodesExpected: 0n,
    ResourceExhausted: NEVER,
    CreateIndex: 0n,
    ModifyIndex: 0n,
    CreateTime: 0n,
    ModifyTime: 0n,
    ...spec.nomadState,
  };
}

/** The whole body, the same for a creation and a registration; `policyOverride` is Nomad's -policy-override. */
export function nomadVolumeRequest(
  volume: NomadVolume,
  { policyOverride = false }: { readonly policyOverride?: boolean } = {},
): NomadVolumeRequest {
  return {
    Volumes: [volume],
    PolicyOverride: policyOverride,
    Region: '',
    Namespace: '',
    SecretID: '',
  };
}

/** JSON as Nomad reads it: a bigint is a number with all of its digits. */
export function nomadJson(data: unknown, indent?: number): string {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
  return JSON.stringify(
    data,
    (_, value: unknown) => (typeof value === 'bigint' ? rawJSON(String(value)) : value),
    indent,
  );
}

/**
 * Where a volume is created or registered. Nomad's command line puts the ID into the path as it is and escapes the
 * whole only where a character cannot stand in a path; "#", "?" and "%", at which it fails, are escaped here.
 */
export function nomadVolumePath(id: string, verb: 'create' | 'register'): string {
  const part = /^[\w.~!$&'()*+,;=:@/[\]-]*$/.test(id) ? id : escapePath(id);
  return `/v1/volume/csi/${part}${verb === 'create' ? '/create' : ''}`;
}

/** As Go escapes a path. */
function escapePath(text: string): string {
  return text
    .split(/([$&+,/:;=@])/)
    .map((part, index) => (index % 2 === 1 ? part : escapeAll(part)))
    .join('');
}

function escapeAll(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function topologies(segments: readonly Segments[]): NomadTopology[] | null {
  return segments.length === 0 ? null : segments.map((one) => ({ Segments: one }));
}

function capability({ accessMode, attachmentMode }: SpecCapability) {
  return { AccessMode: accessMode, AttachmentMode: attachmentMode };
}
