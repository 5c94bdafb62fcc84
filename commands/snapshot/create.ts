import { PannierCommand } from '../../src/cli/command.js';
import { argument, outputFlags } from '../../src/cli/flags.js';
import { parameterFlags, readParameterFlags } from '../../src/cli/parameters.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { WAY_RULE, wayFlags, wayOf } from '../../src/cli/way.js';

export default class SnapshotCreate extends PannierCommand {
  static override summary = 'Take a snapshot of a volume';
  static override description =
    `Takes a snapshot of a volume, which may be in use: it holds what had been written by then, as after a power cut. Through Nomad the volume is named by the whole ID, of Nomad or of the plugin; straight to a controller by its whole handle or name.\n\nThe name makes the call repeatable: the same name again answers the same snapshot, and a name that a snapshot of another volume has is refused. Without one it is made from the time and the name of the volume, so that each call takes another snapshot.\n\n${WAY_RULE}`;
  static override examples = [
    'pannier snapshot create data before-upgrade',
    "pannier snapshot create -t '{{.ID}}' data",
  ];
  static override args = {
    volume: argument({ description: 'The volume.', required: true }),
    name: argument({ description: 'The name of the snapshot, which no other one has.' }),
  };
  static override flags = { ...wayFlags, ...outputFlags, ...secretsFlags, ...parameterFlags };
  protected override readonly doing = 'creating snapshot';

  async run(): Promise<void> {
    const { args, flags } = await this.input(SnapshotCreate);
    const parameters = readParameterFlags(flags.parameter);
    const secrets = await readSecrets(flags['secrets-file']);
    const given = { ...args, parameters, secrets };
    const way = wayOf(flags);
    if (way.through === 'nomad') {
      const { createThroughNomad } = await import('../../src/cli/nomad/snapshot-commands.js');
      return await createThroughNomad(this, flags, given);
    }
    const { createStraight } = await import('../../src/cli/straight/snapshot-create.js');
    await createStraight(this, way.endpoint, given);
  }
}
