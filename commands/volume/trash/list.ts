import { PannierCommand } from '../../../src/cli/command.js';
import { deletionTable, listDeletions } from '../../../src/cli/deleted.js';
import { endpointFlags, outputFlags } from '../../../src/cli/flags.js';
import { openPlugin } from '../../../src/cli/plugin.js';

export default class VolumeTrashList extends PannierCommand {
  static override summary = 'List deleted volumes whose data is there still';
  static override description =
    'Lists deleted volumes that can be taken back or whose space is not freed yet, the last one first, with the time until which each is kept at least, and the number of snapshots that keep it beyond that. `deletion` and `trash_retention` in the configuration of the plugin say how long volumes are kept.';
  static override examples = ['pannier volume trash list', 'pannier volume trash list -json'];
  static override flags = { ...endpointFlags, ...outputFlags };
  protected override readonly doing = 'listing deleted volumes';

  async run(): Promise<void> {
    const { flags } = await this.input(VolumeTrashList);
    await using plugin = openPlugin(flags.endpoint);
    const volumes = await this.progress('ListDeletedVolumes', listDeletions(plugin));
    await this.data(volumes, () =>
      volumes.length === 0 ? 'No deleted volumes' : deletionTable(volumes),
    );
  }
}
