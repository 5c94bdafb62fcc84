import { PannierCommand } from '../../src/cli/command.js';
import { UsageError } from '../../src/cli/errors.js';
import { argument, outputFlags } from '../../src/cli/flags.js';
import { pluginFlags } from '../../src/cli/nomad/flags.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { onlyThroughNomad, WAY_RULE, wayFlags, wayOf } from '../../src/cli/way.js';

export default class SnapshotDelete extends PannierCommand {
  static override summary = 'Delete a snapshot';
  static override description =
    `Deletes a snapshot. Volumes that were made from it keep their content. The ID is a whole one, or the name that the snapshot was taken with. Through Nomad the plugin's ID may stand before it, as \`nomad volume snapshot delete\` has it; without one, all plugins are asked whose it is.\n\n${WAY_RULE}`;
  static override examples = [
    'pannier snapshot delete before-upgrade',
    'pannier snapshot delete rbd ceph/rbd/pannier-data-hjxla6iphgwipskphbll@before',
  ];
  static override args = {
    ID: argument({ description: "The snapshot, or its plugin's ID in Nomad.", required: true }),
    snapshot: argument({ description: "The snapshot, behind its plugin's ID." }),
  };
  static override flags = { ...wayFlags, ...pluginFlags, ...outputFlags, ...secretsFlags };
  protected override readonly doing = 'deleting snapshot';

  async run(): Promise<void> {
    const { args, flags } = await this.input(SnapshotDelete);
    const secrets = await readSecrets(flags['secrets-file']);
    const way = wayOf(flags);
    const before = args.snapshot === undefined ? undefined : args.ID;
    const id = args.snapshot ?? args.ID;
    onlyThroughNomad(way, { plugin: flags.plugin ?? before });
    if (before !== undefined && flags.plugin !== undefined)
      throw new UsageError('The plugin is named twice: with -plugin and before the snapshot');
    if (way.through === 'nomad') {
      const { deleteThroughNomad } = await import('../../src/cli/nomad/snapshot-commands.js');
      return await deleteThroughNomad(this, flags, flags.plugin ?? before, id, secrets);
    }
    const { deleteStraight } = await import('../../src/cli/straight/snapshot-delete.js');
    await deleteStraight(this, way.endpoint, id, secrets);
  }
}
