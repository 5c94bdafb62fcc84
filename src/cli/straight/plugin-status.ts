import { type Cell, keyValues } from '../columns.js';
import { resolveEndpoint } from '../endpoint.js';
import type { Output } from '../output.js';
import { openPlugin } from '../plugin.js';
import { type PluginStatus, pluginStatus } from '../plugin-status.js';

/** Shows what a plugin says of itself. */
export async function showPlugin(output: Output, address: string): Promise<void> {
  const endpoint = await resolveEndpoint(address, 'controller');
  await using plugin = openPlugin(endpoint);
  const status = await output.progress('Asking the plugin', pluginStatus(plugin, endpoint));
  await output.data(status, () => describe(output, status));
}

function describe(output: Output, status: PluginStatus): string {
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
      `${output.heading(title)}\n${words === null ? 'not offered' : words.join('\n') || '<none>'}`,
  );
  return [keyValues(about), ...lists, ...describeWork(output, status)].join('\n\n');
}

/** A plugin without such work has no such section. */
function describeWork(output: Output, { work, workProblem }: PluginStatus): string[] {
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
  return [`${output.heading('Background Work')}\n${lines}`];
}
