import { PannierCommand } from '../../src/cli/command.js';
import { copyFlags, readCopy } from '../../src/cli/copies.js';
import { argument, outputFlags } from '../../src/cli/flags.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { WAY_RULE, wayFlags, wayOf } from '../../src/cli/way.js';

export default class VolumeClone extends PannierCommand {
  static override summary = 'Make a volume from another one';
  static override description =
    `Makes a new volume that begins with the content of another, which may be in use: it has what had been written by then, as after a power cut. From then on neither sees what is written to the other. The new one is as large as the other, and in the same pool and namespace, unless told otherwise. The name makes the call repeatable, as with \`pannier volume create\`, which does the same from a specification with clone_id.\n\nThrough Nomad the ID is the whole one, of Nomad or of the plugin, and the new volume's name is its ID in Nomad too; straight to a controller the ID is a whole handle or name.\n\n${WAY_RULE}`;
  static override examples = [
    'pannier volume clone data data-for-tests',
    'pannier volume clone -size=20GiB -parameter=namespace=tests data data-for-tests',
  ];
  static override args = {
    ID: argument({ description: 'The volume to clone.', required: true }),
    name: argument({ description: 'The name of the new volume.', required: true }),
  };
  static override flags = { ...wayFlags, ...outputFlags, ...secretsFlags, ...copyFlags };
  protected override readonly doing = 'cloning volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeClone);
    const copy = readCopy(flags);
    const secrets = await readSecrets(flags['secrets-file']);
    const way = wayOf(flags);
    if (way.through === 'nomad') {
      const { cloneThroughNomad } = await import('../../src/cli/nomad/copy.js');
      return await cloneThroughNomad(this, flags, args.ID, args.name, copy, secrets);
    }
    const { cloneStraight } = await import('../../src/cli/straight/copy.js');
    await cloneStraight(this, way.endpoint, args.ID, args.name, copy, secrets);
  }
}
