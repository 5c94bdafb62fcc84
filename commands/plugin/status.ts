import { PannierCommand } from '../../src/cli/command.js';
import { argument, outputFlags, toggle } from '../../src/cli/flags.js';
import { staleFlags } from '../../src/cli/nomad/flags.js';
import { onlyThroughNomad, WAY_RULE, wayFlags, wayOf } from '../../src/cli/way.js';

export default class PluginStatus extends PannierCommand {
  static override summary = 'Show what a plugin is, offers and how it is';
  static override description =
    `Through Nomad, lists the CSI plugins that Nomad knows, or with an ID, or the beginning of one, shows that plugin: how many of its controllers and nodes are healthy, what is wrong with those that are not, and its allocations. Straight to a plugin, asks it for its name and version, whether it is ready, its health, what its controller and its node offer, what node it is on, and how much its controller has to do in the background.\n\n${WAY_RULE}`;
  static override examples = [
    'pannier plugin status',
    'pannier plugin status -verbose rbd',
    'pannier plugin status -json -endpoint=tcp://127.0.0.1:10000',
  ];
  static override args = {
    ID: argument({ description: "The plugin's ID in Nomad; without it, all." }),
  };
  static override flags = {
    ...wayFlags,
    ...outputFlags,
    ...staleFlags,
    verbose: toggle({ description: 'Whole IDs and times, and what the plugin offers.' }),
  };
  protected override readonly doing = 'reading the plugin';

  async run(): Promise<void> {
    const { args, flags } = await this.input(PluginStatus);
    const way = wayOf(flags);
    const { verbose, stale } = flags;
    onlyThroughNomad(way, { verbose, stale, ID: args.ID });
    if (way.through === 'nomad') {
      const { pluginsInNomad } = await import('../../src/cli/nomad/plugin-status.js');
      return await pluginsInNomad(this, flags, args.ID);
    }
    const { showPlugin } = await import('../../src/cli/straight/plugin-status.js');
    await showPlugin(this, way.endpoint);
  }
}
