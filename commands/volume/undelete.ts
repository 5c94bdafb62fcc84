import { askAdmin } from '../../src/cli/admin.js';
import { keyValues } from '../../src/cli/columns.js';
import { PannierCommand } from '../../src/cli/command.js';
import { deletionsOf, imageFlags, listDeletions, notKept } from '../../src/cli/deleted.js';
import { argument, endpointFlags, outputFlags } from '../../src/cli/flags.js';
import { openPlugin } from '../../src/cli/plugin.js';
import { parseHandle } from '../../src/volume/handle.js';
import { formatBytes } from '../../src/volume/size.js';

export default class VolumeUndelete extends PannierCommand {
  static override summary = 'Take a deleted volume back';
  static override description =
    'Takes a deleted volume back that `pannier volume trash list` shows, with the ID, the name and the data that it had. Of several that had the same ID it takes the one that was deleted last, unless told otherwise. The ID is the whole handle or name that it had. An undeletion that was cut short is finished by the same command with the handle.';
  static override examples = [
    'pannier volume undelete data',
    'pannier volume undelete -image-id=10d6bc3a7d2e data',
  ];
  static override args = { ID: argument({ description: 'The deleted volume.', required: true }) };
  static override flags = { ...endpointFlags, ...outputFlags, ...imageFlags };
  protected override readonly doing = 'undeleting volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeUndelete);
    await using plugin = openPlugin(flags.endpoint);
    const all = await this.progress('ListDeletedVolumes', listDeletions(plugin));
    const [found] = deletionsOf(all, args.ID, flags['image-id']);
    if (found === undefined && parseHandle(args.ID) === undefined) notKept(args.ID);
    const { volumeId, name, sizeBytes } = await this.progress(
      'UndeleteVolume',
      askAdmin(plugin, (admin) =>
        admin.undeleteVolume({
          volumeId: found?.id ?? args.ID,
          imageId: flags['image-id'] ?? '',
        }),
      ),
    );
    this.monitor(`Took volume "${volumeId}" back`);
    await this.data({ id: volumeId, name, capacityBytes: sizeBytes }, () =>
      keyValues([
        ['ID', volumeId],
        ['Name', name],
        ['Capacity', formatBytes(sizeBytes)],
      ]),
    );
  }
}
