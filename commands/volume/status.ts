import { keyValues } from '../../src/cli/columns.js';
import { PannierCommand } from '../../src/cli/command.js';
import { describeSource } from '../../src/cli/content-source.js';
import { argument, endpointFlags, outputFlags } from '../../src/cli/flags.js';
import { ifOffered, openPlugin, type Plugin } from '../../src/cli/plugin.js';
import { listSnapshots, ownSnapshotTable } from '../../src/cli/snapshots.js';
import { findVolumeByPrefix, listVolumes, volumeTable } from '../../src/cli/volumes.js';
import { describeWork, workOn } from '../../src/cli/work.js';
import { formatBytes } from '../../src/volume/size.js';

export default class VolumeStatus extends PannierCommand {
  static override summary = 'List volumes, or show one';
  static override description =
    'Without an ID, lists all volumes that the plugin knows. With one, shows that volume, what it was made from, its snapshots, what the background does to it, and where `pannier volume mount` has it on this machine. The ID is a handle, a name, or the beginning of either that only one volume has.';
  static override examples = [
    'pannier volume status',
    'pannier volume status ceph/rbd/pannier-data',
    'pannier volume status -t \'{{range .}}{{.id}}{{"\\n"}}{{end}}\'',
  ];
  static override args = { ID: argument({ description: 'The volume; without it, all.' }) };
  static override flags = { ...endpointFlags, ...outputFlags };
  protected override readonly doing = 'reading volumes';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeStatus);
    await using plugin = openPlugin(flags.endpoint);
    if (args.ID !== undefined) return await this.#one(plugin, flags.endpoint, args.ID);
    const volumes = await this.progress('ListVolumes', listVolumes(plugin));
    await this.data(volumes, () => (volumes.length === 0 ? 'No volumes' : volumeTable(volumes)));
  }

  async #one(plugin: Plugin, endpoint: string, id: string): Promise<void> {
    const volume = await this.progress('Reading the volume', findVolumeByPrefix(plugin, id));
    const { Mounts, mountsFolder } = await import('../../src/cli/mounts.js');
    const { mountTable, mountUsage } = await import('../../src/cli/usage.js');
    const records = (await new Mounts(mountsFolder(endpoint)).list()).filter(
      ({ volumeId }) => volumeId === volume.id,
    );
    const [snapshots, work, mounts] = await this.progress(
      'Reading its snapshots',
      Promise.all([
        ifOffered(listSnapshots(plugin, {}, volume.id)),
        workOn(plugin, volume.id),
        Promise.all(records.map((record) => mountUsage(plugin, record))),
      ]),
    );
    await this.data({ ...volume, snapshots, work, mounts }, () => {
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
        ...this.#section('Snapshots', snapshots ?? [], ownSnapshotTable),
        ...this.#section('Mounts', mounts, mountTable),
      ].join('\n\n');
    });
  }

  #section<T>(title: string, rows: readonly T[], table: (rows: readonly T[]) => string): string[] {
    return rows.length === 0 ? [] : [`${this.heading(title)}\n${table(rows)}`];
  }
}
