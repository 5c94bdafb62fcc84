import { formatBytes } from '../../volume/size.js';
import { keyValues } from '../columns.js';
import { describeSource } from '../content-source.js';
import type { Output } from '../output.js';
import { ifOffered, openPlugin, type Plugin } from '../plugin.js';
import { listSnapshots, ownSnapshotTable } from '../snapshots.js';
import { findVolumeByPrefix, listVolumes, volumeTable } from '../volumes.js';
import { describeWork, workOn } from '../work.js';

/** Shows what a plugin has: all volumes, or one. */
export async function volumeStatus(
  output: Output,
  endpoint: string,
  id: string | undefined,
): Promise<void> {
  await using plugin = openPlugin(endpoint);
  if (id !== undefined) return await showOne(output, plugin, endpoint, id);
  const volumes = await output.progress('ListVolumes', listVolumes(plugin));
  await output.data(volumes, () => (volumes.length === 0 ? 'No volumes' : volumeTable(volumes)));
}

async function showOne(
  output: Output,
  plugin: Plugin,
  endpoint: string,
  id: string,
): Promise<void> {
  const volume = await output.progress('Reading the volume', findVolumeByPrefix(plugin, id));
  const { Mounts, mountsFolder } = await import('../mounts.js');
  const { mountTable, mountUsage } = await import('../usage.js');
  const records = (await new Mounts(mountsFolder(endpoint)).list()).filter(
    ({ volumeId }) => volumeId === volume.id,
  );
  const [snapshots, work, mounts] = await output.progress(
    'Reading its snapshots',
    Promise.all([
      ifOffered(listSnapshots(plugin, {}, volume.id)),
      workOn(plugin, volume.id),
      Promise.all(records.map((record) => mountUsage(plugin, record))),
    ]),
  );
  await output.data({ ...volume, snapshots, work, mounts }, () => {
    const about = keyValues([
      ['ID', volume.id],
      ['Name', volume.name],
      ['Capacity', `${formatBytes(volume.capacityBytes)} (${volume.capacityBytes} bytes)`],
      ['Nodes', volume.nodes.join(', ')],
      ['Source', describeSource(volume.source)],
      ...(work ?? []).map((one) => ['Work', describeWork(one)] as const),
    ]);
    return [
      about,
      ...section(output, 'Snapshots', snapshots ?? [], ownSnapshotTable),
      ...section(output, 'Mounts', mounts, mountTable),
    ].join('\n\n');
  });
}

function section<T>(
  output: Output,
  title: string,
  rows: readonly T[],
  table: (rows: readonly T[]) => string,
): string[] {
  return rows.length === 0 ? [] : [`${output.heading(title)}\n${table(rows)}`];
}
