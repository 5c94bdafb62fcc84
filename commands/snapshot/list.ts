import { PannierCommand } from '../../src/cli/command.js';
import { option, outputFlags } from '../../src/cli/flags.js';
import { pluginFlags } from '../../src/cli/nomad/flags.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { onlyThroughNomad, WAY_RULE, wayFlags, wayOf } from '../../src/cli/way.js';

export default class SnapshotList extends PannierCommand {
  static override summary = 'List snapshots';
  static override description =
    `Lists all snapshots that the plugin knows, or those of one volume, the oldest first. Nomad knows none itself: through it each plugin is asked that has a healthy controller, or the one that -plugin names. A snapshot outlives its volume: one of a deleted volume is listed with the ID that the volume had at the plugin.\n\n${WAY_RULE}`;
  static override examples = [
    'pannier snapshot list',
    'pannier snapshot list -source=data',
    'pannier snapshot list -t \'{{range .}}{{.ID}}{{"\\n"}}{{end}}\'',
  ];
  static override flags = {
    source: option({
      value: 'volume',
      description:
        "Only those of this volume: the plugin's whole ID, that of a deleted volume too, or Nomad's; straight to a controller, a name.",
    }),
    ...wayFlags,
    ...pluginFlags,
    ...outputFlags,
    ...secretsFlags,
  };
  protected override readonly doing = 'listing snapshots';

  async run(): Promise<void> {
    const { flags } = await this.input(SnapshotList);
    const secrets = await readSecrets(flags['secrets-file']);
    const way = wayOf(flags);
    const { plugin, source } = flags;
    onlyThroughNomad(way, { plugin });
    if (way.through === 'nomad') {
      const { listThroughNomad } = await import('../../src/cli/nomad/snapshot-commands.js');
      return await listThroughNomad(this, flags, plugin, source, secrets);
    }
    const { listStraight } = await import('../../src/cli/straight/snapshot-list.js');
    await listStraight(this, way.endpoint, source, secrets);
  }
}
