import { PannierCommand } from '../../src/cli/command.js';
import { copyFlags, readCopy } from '../../src/cli/copies.js';
import { argument, outputFlags } from '../../src/cli/flags.js';
import { pluginFlags } from '../../src/cli/nomad/flags.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { onlyThroughNomad, WAY_RULE, wayFlags, wayOf } from '../../src/cli/way.js';

export default class SnapshotRestore extends PannierCommand {
  static override summary = 'Make a volume from a snapshot';
  static override description =
    `Makes a new volume that begins with the content of a snapshot; the volume that the snapshot was taken of stays as it is. The new one is as large as the snapshot, and in the same pool and namespace, unless told otherwise. The name makes the call repeatable, as with \`pannier volume create\`, which does the same from a specification with snapshot_id. Through Nomad it is the new volume's ID too.\n\nThe ID is a whole one, or the name that the snapshot was taken with.\n\n${WAY_RULE}`;
  static override examples = [
    'pannier snapshot restore before-upgrade data-before',
    'pannier snapshot restore -size=20GiB -parameter=pool=fast before-upgrade data-before',
  ];
  static override args = {
    ID: argument({ description: 'The snapshot.', required: true }),
    name: argument({ description: 'The name of the new volume.', required: true }),
  };
  static override flags = {
    ...wayFlags,
    ...pluginFlags,
    ...outputFlags,
    ...secretsFlags,
    ...copyFlags,
  };
  protected override readonly doing = 'restoring snapshot';

  async run(): Promise<void> {
    const { args, flags } = await this.input(SnapshotRestore);
    const copy = readCopy(flags);
    const secrets = await readSecrets(flags['secrets-file']);
    const way = wayOf(flags);
    const { plugin } = flags;
    onlyThroughNomad(way, { plugin });
    if (way.through === 'nomad') {
      const { restoreThroughNomad } = await import('../../src/cli/nomad/copy.js');
      return await restoreThroughNomad(this, flags, plugin, args.ID, args.name, copy, secrets);
    }
    const { restoreStraight } = await import('../../src/cli/straight/copy.js');
    await restoreStraight(this, way.endpoint, args.ID, args.name, copy, secrets);
  }
}
