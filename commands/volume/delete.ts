import { PannierCommand } from '../../src/cli/command.js';
import { argument, outputFlags } from '../../src/cli/flags.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { WAY_RULE, wayFlags, wayOf } from '../../src/cli/way.js';

export default class VolumeDelete extends PannierCommand {
  static override summary = 'Delete a volume and its data';
  static override description =
    `Deletes a volume and everything in it; its snapshots, and what was made from it, stay. A volume that is in use is refused. Where the plugin keeps deleted volumes for a while, \`pannier volume undelete\` takes it back.\n\nThrough Nomad the ID is the whole one, of Nomad or of the plugin, and Nomad forgets the volume too. One that Nomad has a second time, under another ID or in another namespace, is refused: the data is the same. Straight to a controller the ID is a whole handle or name, and a deletion that was cut short is finished by the same command with the handle.\n\n${WAY_RULE}`;
  static override examples = [
    'pannier volume delete data',
    'pannier volume delete -endpoint=unix:///csi/csi.sock ceph/rbd/pannier-data',
  ];
  static override args = { ID: argument({ description: 'The volume.', required: true }) };
  static override flags = { ...wayFlags, ...outputFlags, ...secretsFlags };
  protected override readonly doing = 'deleting volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeDelete);
    const secrets = await readSecrets(flags['secrets-file']);
    const way = wayOf(flags);
    if (way.through === 'nomad') {
      const { deleteThroughNomad } = await import('../../src/cli/nomad/volume-delete.js');
      return await deleteThroughNomad(this, flags, args.ID, secrets);
    }
    const { deleteStraight } = await import('../../src/cli/straight/volume-delete.js');
    await deleteStraight(this, way.endpoint, args.ID, secrets);
  }
}
