import type { NomadVolume } from '../../nomad/volumes.js';
import type { TopologyRequest } from '../../spec/volume/topology.js';
import type { VolumeSpec } from '../../spec/volume.js';
import { isClaimed } from '../nomad/claims.js';
import { sizeInWords } from '../sizes.js';
import type { Change } from './plan.js';

const NEVER = 'it never changes in a volume';
const IN_USE = 'it cannot change while allocations use the volume';

/** In what a specification differs from what Nomad has, by Nomad's own rules of what may change. */
export function changesInNomad(spec: VolumeSpec, volume: NomadVolume): Change[] {
  return [
    ...text('name', volume.Name, spec.name),
    ...text('external_id', volume.ExternalID, spec.externalId),
    ...text('plugin_id', volume.PluginID, spec.pluginId),
    ...text('snapshot_id', volume.SnapshotID, spec.snapshotId),
    ...text('clone_id', volume.CloneID, spec.cloneId),
    ...parameters(spec, volume),
    ...capacity(spec, volume),
    ...capabilities(spec, volume),
    ...mountOptions(spec, volume),
    ...topology(spec, volume),
    ...context(spec, volume),
    ...secrets(spec),
  ];
}

/** What is not written does not count. */
function text(field: string, from: string, to: string): Change[] {
  return to === '' || from === to ? [] : [{ field, from: from || null, to, refused: NEVER }];
}

function parameters({ parameters: given = {} }: VolumeSpec, { Parameters }: NomadVolume): Change[] {
  if (Object.keys(given).length === 0) return [];
  const keys = [...new Set([...Object.keys(Parameters), ...Object.keys(given)])];
  return keys
    .filter((key) => Parameters[key] !== given[key])
    .map((key) => ({
      field: `parameters.${key}`,
      from: Parameters[key] ?? null,
      to: given[key] ?? null,
      refused: NEVER,
    }));
}

/** Both sizes together; where neither is written nothing changes. */
function capacity({ capacityMin, capacityMax }: VolumeSpec, volume: NomadVolume): Change[] {
  if (capacityMin === 0n && capacityMax === 0n) return [];
  const size = BigInt(volume.Capacity);
  const tooSmall = `the volume has ${sizeInWords(size)}, and no volume shrinks`;
  const change = (field: string, from: bigint, to: bigint, refused: boolean): Change[] =>
    from === to
      ? []
      : [
          {
            field,
            from: from === 0n ? null : sizeInWords(from),
            to: to === 0n ? null : sizeInWords(to),
            ...(refused ? { refused: tooSmall } : {}),
          },
        ];
  const exceeded = capacityMax > 0n && capacityMax < size;
  return [
    ...change('capacity_min', BigInt(volume.RequestedCapacityMin), capacityMin, false),
    ...change('capacity_max', BigInt(volume.RequestedCapacityMax), capacityMax, exceeded),
  ];
}

function capabilities(spec: VolumeSpec, volume: NomadVolume): Change[] {
  const words = (access: string, attachment: string) => `${access} ${attachment}`;
  const from = volume.RequestedCapabilities.map((one) => words(one.AccessMode, one.AttachmentMode));
  const to = spec.capabilities.map((one) => words(one.accessMode, one.attachmentMode));
  if (same(from, to)) return [];
  const used = words(volume.AccessMode, volume.AttachmentMode);
  const lost = used.trim() !== '' && !to.includes(used);
  return [
    {
      field: 'capability',
      from: from.join(', ') || null,
      to: to.join(', '),
      ...(lost ? { refused: `allocations use it as ${used}` } : {}),
    },
  ];
}

/** Nomad tells that there are mount flags, and not which. */
function mountOptions(spec: VolumeSpec, volume: NomadVolume): Change[] {
  const { fsType = '', mountFlags = [] } = spec.mountOptions ?? {};
  const { FSType = '', MountFlags } = volume.MountOptions ?? {};
  const hasFlags = (MountFlags ?? []).length > 0;
  const refused = isClaimed(volume) ? { refused: IN_USE } : {};
  const flags = {
    field: 'mount_options.mount_flags',
    from: hasFlags ? undefined : null,
    to: mountFlags.join(', ') || null,
  };
  return [
    ...(fsType === FSType
      ? []
      : [{ field: 'mount_options.fs_type', from: FSType || null, to: fsType || null, ...refused }]),
    // Where both have some they may be the same: Nomad refuses others of a volume in use itself.
    ...(hasFlags && mountFlags.length > 0 ? [flags] : []),
    ...(hasFlags === mountFlags.length > 0 ? [] : [{ ...flags, ...refused }]),
  ];
}

function topology({ topologyRequest }: VolumeSpec, volume: NomadVolume): Change[] {
  if (volume.Topologies.length === 0) return [];
  const { Required, Preferred } = volume.RequestedTopologies ?? {};
  const from = describeTopology({
    required: (Required ?? []).map(({ Segments }) => Segments ?? {}),
    preferred: (Preferred ?? []).map(({ Segments }) => Segments ?? {}),
  });
  const to = describeTopology(topologyRequest ?? { required: [], preferred: [] });
  return from === to
    ? []
    : [{ field: 'topology_request', from: from || null, to: to || null, refused: NEVER }];
}

function describeTopology({ required, preferred }: TopologyRequest): string {
  const words = (segments: Readonly<Record<string, string>>) =>
    Object.entries(segments)
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(' ');
  return [
    ...(required.length === 0 ? [] : [`required ${required.map(words).join(' or ')}`]),
    ...(preferred.length === 0 ? [] : [`preferred ${preferred.map(words).join(' or ')}`]),
  ].join(', ');
}

function context({ context: given = {} }: VolumeSpec, { Context }: NomadVolume): Change[] {
  if (Object.keys(given).length === 0) return [];
  const words = (map: Readonly<Record<string, string>>) =>
    Object.entries(map)
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(', ');
  const [from, to] = [words(Context), words(given)];
  return from === to ? [] : [{ field: 'context', from: from || null, to }];
}

/** Nomad never tells secrets: those that are given are sent each time. */
function secrets({ secrets: given = {} }: VolumeSpec): Change[] {
  const keys = Object.keys(given);
  return keys.length === 0
    ? []
    : [{ field: 'secrets', from: undefined, to: `${keys.join(', ')} (hidden)` }];
}

function same(from: readonly string[], to: readonly string[]): boolean {
  return [...from].sort().join() === [...to].sort().join();
}
