import type { AllocationStub } from '../../nomad/allocations.js';
import { type Integer, timeOf } from '../../nomad/values.js';
import type { NomadVolume, VolumeStub } from '../../nomad/volumes.js';
import { formatBytes } from '../../volume/size.js';
import { keyValues, table } from '../columns.js';
import type { Output } from '../output.js';
import { ago, formatTime } from '../time.js';

/** How many characters of an ID are shown, unless it is asked for whole. */
const SHORT = 8;

export function volumeTable(volumes: readonly VolumeStub[]): string {
  return table(
    ['ID', 'Name', 'Namespace', 'Plugin ID', 'Schedulable', 'Access Mode'],
    volumes.map((volume) => [
      volume.ID,
      volume.Name,
      volume.Namespace,
      volume.PluginID,
      volume.Schedulable,
      volume.AccessMode,
    ]),
  );
}

/** A volume as `nomad volume status` shows it. */
export function describeVolume(output: Output, volume: NomadVolume, verbose: boolean): string {
  const topologies = volume.Topologies.map(({ Segments }, at) => [
    String(at).padStart(2, '0'),
    Object.entries(Segments ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(', '),
  ]);
  return [
    keyValues([
      ['ID', volume.ID],
      ['Name', volume.Name],
      ['Namespace', volume.Namespace],
      ['External ID', volume.ExternalID],
      ['Plugin ID', volume.PluginID],
      ['Provider', volume.Provider],
      ['Version', volume.ProviderVersion],
      ['Capacity', nomadBytes(volume.Capacity)],
      ['Schedulable', volume.Schedulable],
      ['Controllers Healthy', volume.ControllersHealthy],
      ['Controllers Expected', volume.ControllersExpected],
      ['Nodes Healthy', volume.NodesHealthy],
      ['Nodes Expected', volume.NodesExpected],
      ['Access Mode', volume.AccessMode],
      ['Attachment Mode', volume.AttachmentMode],
      ['Mount Options', describeMountOptions(volume)],
    ]),
    ...(topologies.length === 0
      ? []
      : [`${output.heading('Topologies')}\n${table(['Topology', 'Segments'], topologies)}`]),
    `${output.heading('Capabilities')}\n${table(
      ['Access Mode', 'Attachment Mode'],
      volume.RequestedCapabilities.map((one) => [one.AccessMode, one.AttachmentMode]),
    )}`,
    `${output.heading('Allocations')}\n${allocationTable(volume.Allocations, verbose)}`,
  ].join('\n\n');
}

/** A size as Nomad writes it, which is as everywhere here but for "1.0 GiB". */
export function nomadBytes(bytes: Integer): string {
  return formatBytes(BigInt(bytes)).replace(/^(\d) (?=[KMGTPE])/, '$1.0 ');
}

function describeMountOptions({ MountOptions }: NomadVolume): string {
  const { FSType = '', MountFlags } = MountOptions ?? {};
  const flags = MountFlags ?? [];
  return [
    ...(FSType === '' ? [] : [`fs_type: ${FSType}`]),
    ...(flags.length === 0 ? [] : [`flags: ${flags.join(', ')}`]),
  ].join(' ');
}

/** Allocations as Nomad's commands show them. */
export function allocationTable(allocations: readonly AllocationStub[], verbose: boolean): string {
  if (allocations.length === 0) return 'No allocations placed';
  const id = (text: string) => (verbose ? text : text.slice(0, SHORT));
  const when = (time: Integer) => {
    const date = timeOf(time);
    return date && (verbose ? formatTime(date) : ago(date));
  };
  return table(
    [
      'ID',
      ...(verbose ? ['Eval ID'] : []),
      'Node ID',
      ...(verbose ? ['Node Name'] : []),
      'Task Group',
      'Version',
      'Desired',
      'Status',
      'Created',
      'Modified',
    ],
    allocations.map((one) => [
      id(one.ID),
      ...(verbose ? [one.EvalID] : []),
      id(one.NodeID),
      ...(verbose ? [one.NodeName] : []),
      one.TaskGroup,
      one.JobVersion,
      one.DesiredStatus,
      one.ClientStatus,
      when(one.CreateTime),
      when(one.ModifyTime),
    ]),
  );
}
