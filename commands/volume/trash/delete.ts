import { askAdmin } from '../../../src/cli/admin.js';
import { PannierCommand } from '../../../src/cli/command.js';
import { confirmed, confirmFlags } from '../../../src/cli/confirm.js';
import {
  ambiguous,
  deletionsOf,
  imageFlags,
  listDeletions,
  notKept,
} from '../../../src/cli/deleted.js';
import { argument, endpointFlags, outputFlags } from '../../../src/cli/flags.js';
import { openPlugin } from '../../../src/cli/plugin.js';

export default class VolumeTrashDelete extends PannierCommand {
  static override summary = 'Free the space of a deleted volume now';
  static override description =
    'Ends the time for which a deleted volume is kept: its space is freed in the background, and it cannot be taken back. It asks first. Snapshots of it stay, and keep its data until they are deleted. The ID is the whole handle or name that the volume had.';
  static override examples = [
    'pannier volume trash delete data',
    'pannier volume trash delete -auto-approve -image-id=10d6bc3a7d2e data',
  ];
  static override args = { ID: argument({ description: 'The deleted volume.', required: true }) };
  static override flags = { ...endpointFlags, ...outputFlags, ...confirmFlags, ...imageFlags };
  protected override readonly doing = 'freeing deleted volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeTrashDelete);
    await using plugin = openPlugin(flags.endpoint);
    const all = await this.progress('ListDeletedVolumes', listDeletions(plugin));
    const found = deletionsOf(all, args.ID, flags['image-id']);
    const [volume] = found;
    if (volume === undefined) return notKept(args.ID);
    if (found.length > 1)
      throw ambiguous(
        `${found.length} deleted volumes had this ID`,
        'Say which one with -image-id.',
        found,
      );
    const { id, imageId, snapshots } = volume;
    const question = `Free the space of deleted volume "${id}" (image ${imageId})? Nothing brings it back.`;
    if (!flags['auto-approve'] && !(await confirmed(question))) {
      await this.data({ id, imageIds: [], snapshots }, () => 'Nothing was freed');
      return;
    }
    const { imageIds } = await this.progress(
      'FreeDeletedVolume',
      askAdmin(plugin, (admin) => admin.freeDeletedVolume({ volumeId: id, imageId })),
    );
    await this.data({ id, imageIds, snapshots }, () =>
      snapshots === 0
        ? `Deleted volume "${id}" is being freed`
        : `Deleted volume "${id}" is freed once its snapshots (${snapshots}) are deleted, and the clones of them`,
    );
  }
}
