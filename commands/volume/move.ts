import { askAdmin } from '../../src/cli/admin.js';
import { keyValues } from '../../src/cli/columns.js';
import { PannierCommand } from '../../src/cli/command.js';
import { argument, endpointFlags, option, outputFlags } from '../../src/cli/flags.js';
import { openPlugin } from '../../src/cli/plugin.js';
import { lookUpVolume, notFound } from '../../src/cli/volumes.js';
import { parseHandle } from '../../src/volume/handle.js';

export default class VolumeMove extends PannierCommand {
  static override summary = 'Give a volume to another host';
  static override description =
    'Where plugins run with scope = "host", as on Mesos, a volume belongs to the host that made it: only the plugin there lists, publishes and deletes it. This gives it to another host, or, without -host, to the one whose plugin is asked. Its ID, its name and its data stay. A volume that is published or open is refused. One that belongs to no host can be given to one; the ID of a volume of another host is its whole handle. A move that was cut short is finished by the same command.';
  static override examples = [
    'pannier volume move ceph/rbd/pannier-data-hjxla6iphgwipskphbll',
    'pannier volume move -host=agent2-5c1f0a97be42 data',
  ];
  static override args = { ID: argument({ description: 'The volume.', required: true }) };
  static override flags = {
    ...endpointFlags,
    ...outputFlags,
    host: option({
      value: 'id',
      description:
        'The host that gets it: the host_id of its plugin. Default: the host of the plugin that is asked.',
    }),
  };
  protected override readonly doing = 'moving volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeMove);
    await using plugin = openPlugin(flags.endpoint);
    const found = await this.progress('Looking it up', lookUpVolume(plugin, args.ID));
    if (found === undefined && parseHandle(args.ID) === undefined) notFound(args.ID);
    const { volumeId, host } = await this.progress(
      'MoveVolume',
      askAdmin(plugin, (admin) =>
        admin.moveVolume({ volumeId: found?.id ?? args.ID, host: flags.host ?? '' }),
      ),
    );
    this.monitor(`Moved volume "${volumeId}" to host "${host}"`);
    await this.data({ id: volumeId, host }, () =>
      keyValues([
        ['ID', volumeId],
        ['Host', host],
      ]),
    );
  }
}
