import { type Cell, keyValues } from '../../src/cli/columns.js';
import { PannierCommand } from '../../src/cli/command.js';
import { resolveEndpoint } from '../../src/cli/endpoint.js';
import { endpointFlags, outputFlags } from '../../src/cli/flags.js';
import { openPlugin } from '../../src/cli/plugin.js';
import { pluginStatus, type PluginStatus as Status } from '../../src/cli/plugin-status.js';

export default class PluginStatus extends PannierCommand {
  static override summary = 'Show what a plugin is, offers and how it is';
  static override description =
    'Asks a plugin for its name and version, whether it is ready, its health, what its controller and its node offer, what node it is on, and how much its controller has to do in the background.';
  static override examples = [
    'pannier plugin status',
    'pannier plugin status -json -endpoint=tcp://127.0.0.1:10000',
  ];
  static override flags = { ...endpointFlags, ...outputFlags };
  protected override readonly doing = 'reading the plugin';

  async run(): Promise<void> {
    const { flags } = await this.input(PluginStatus);
    const endpoint = await resolveEndpoint(flags.endpoint, 'controller');
    await using plugin = openPlugin(endpoint);
    const status = await this.progress('Asking the plugin', pluginStatus(plugin, endpoint));
    await this.data(status, () => this.#text(status));
  }

  #text(status: Status): string {
    const { node } = status;
    const about: Array<[string, Cell]> = [
      ['Name', status.name],
      ['Version', status.version],
      ['Endpoint', status.endpoint],
      ['Ready', status.ready],
      ['Health', status.health],
      ['Node ID', node?.id],
      ['Max Volumes', node === null ? undefined : node.maxVolumes || 'no limit'],
    ];
    const sections: Array<[string, readonly string[] | null]> = [
      ['Plugin Capabilities', status.capabilities],
      ['Controller Capabilities', status.controllerCapabilities],
      ['Node Capabilities', status.nodeCapabilities],
    ];
    const lists = sections.map(
      ([title, words]) =>
        `${this.heading(title)}\n${words === null ? 'not offered' : words.join('\n') || '<none>'}`,
    );
    return [keyValues(about), ...lists, ...this.#work(status)].join('\n\n');
  }

  /** A plugin without such work has no such section. */
  #work({ work, workProblem }: Status): string[] {
    if (work === null && workProblem === null) return [];
    const lines =
      work === null
        ? `unknown: ${workProblem}`
        : keyValues(
            work.map(({ kind, count, waiting }) => [
              kind,
              waiting === 0 ? count : `${count} (${waiting} kept for now)`,
            ]),
          );
    return [`${this.heading('Background Work')}\n${lines}`];
  }
}
