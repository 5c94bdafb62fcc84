import { PannierCommand } from '../../src/cli/command.js';
import { argument, outputFlags } from '../../src/cli/flags.js';
import { pluginFlags } from '../../src/cli/nomad/flags.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { onlyThroughNomad, WAY_RULE, wayFlags, wayOf } from '../../src/cli/way.js';

export default class SnapshotStatus extends PannierCommand {
  static override summary = 'Show a snapshot';
  static override description =
    `Shows a snapshot, and the volumes that were made from it. The ID is a whole one, the name that the snapshot was taken with, or the beginning of an ID, or of what follows its "@", that only one snapshot has.\n\n${WAY_RULE}`;
  static override examples = [
    'pannier snapshot status before-upgrade',
    'pannier snapshot status -json ceph/rbd/pannier-data-hjxla6iphgwipskphbll@before',
  ];
  static override args = { ID: argument({ description: 'The snapshot.', required: true }) };
  static override flags = { ...wayFlags, ...pluginFlags, ...outputFlags, ...secretsFlags };
  protected override readonly doing = 'reading snapshot';

  async run(): Promise<void> {
    const { args, flags } = await this.input(SnapshotStatus);
    const secrets = await readSecrets(flags['secrets-file']);
    const way = wayOf(flags);
    const { plugin } = flags;
    onlyThroughNomad(way, { plugin });
    if (way.through === 'nomad') {
      const { showThroughNomad } = await import('../../src/cli/nomad/snapshot-commands.js');
      return await showThroughNomad(this, flags, plugin, args.ID, secrets);
    }
    const { showStraight } = await import('../../src/cli/straight/snapshot-status.js');
    await showStraight(this, way.endpoint, args.ID, secrets);
  }
}
