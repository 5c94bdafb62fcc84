import { keyValues } from '../../src/cli/columns.js';
import { PannierCommand } from '../../src/cli/command.js';
import { argument, endpointFlags, outputFlags } from '../../src/cli/flags.js';
import { openPlugin, type Plugin } from '../../src/cli/plugin.js';
import { findVolumeByPrefix, listVolumes, volumeTable } from '../../src/cli/volumes.js';
import { formatBytes } from '../../src/volume/size.js';

export default class VolumeStatus extends PannierCommand {
  static override summary = 'List volumes, or show one';
  static override description =
    'Without an ID, lists all volumes that the plugin knows. With one, shows that volume, and where `pannier volume mount` has it on this machine. The ID is a handle, a name, or the beginning of either that only one volume has.';
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
    const records = await new Mounts(mountsFolder(endpoint)).list();
    const mounts = await Promise.all(
      records
        .filter(({ volumeId }) => volumeId === volume.id)
        .map((record) => mountUsage(plugin, record)),
    );
    await this.data({ ...volume, mounts }, () => {
      const about = keyValues([
        ['ID', volume.id],
        ['Name', volume.name],
        ['Capacity', `${formatBytes(volume.capacityBytes)} (${volume.capacityBytes} bytes)`],
        ['Nodes', volume.nodes.join(', ')],
      ]);
      return mounts.length === 0
        ? about
        : `${about}\n\n${this.heading('Mounts')}\n${mountTable(mounts)}`;
    });
  }
}
