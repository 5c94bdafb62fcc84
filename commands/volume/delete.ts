import { PannierCommand } from '../../src/cli/command.js';
import { argument, endpointFlags, outputFlags } from '../../src/cli/flags.js';
import { openPlugin } from '../../src/cli/plugin.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { lookUpVolume, notFound } from '../../src/cli/volumes.js';
import { parseHandle } from '../../src/volume/handle.js';

export default class VolumeDelete extends PannierCommand {
  static override summary = 'Delete a volume and its data';
  static override description =
    'Deletes a volume and everything in it; its snapshots, and what was made from it, stay. A volume that is in use is refused. Where the plugin keeps deleted volumes for a while, `pannier volume undelete` takes it back.\n\nThe ID is a whole handle or name. A deletion that was cut short is finished by the same command with the handle.';
  static override examples = ['pannier volume delete ceph/rbd/pannier-data'];
  static override args = { ID: argument({ description: 'The volume.', required: true }) };
  static override flags = { ...endpointFlags, ...outputFlags, ...secretsFlags };
  protected override readonly doing = 'deleting volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeDelete);
    const secrets = await readSecrets(flags['secrets-file']);
    await using plugin = openPlugin(flags.endpoint);
    const found = await this.progress('Looking it up', lookUpVolume(plugin, args.ID));
    if (found === undefined && parseHandle(args.ID) === undefined) notFound(args.ID);
    const id = found?.id ?? args.ID;
    // Also where no volume shows under the handle: what is left of a deletion does not show either.
    await this.progress('DeleteVolume', plugin.controller.deleteVolume({ volumeId: id, secrets }));
    if (found === undefined) notFound(id);
    await this.data({ id }, () => `Successfully deleted volume "${id}"!`);
  }
}
