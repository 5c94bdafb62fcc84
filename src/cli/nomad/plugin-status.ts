import type { NomadClient } from '../../nomad/client.js';
import { listPlugins, type NomadPlugin, readPlugin } from '../../nomad/plugins.js';
import { keyValues, table } from '../columns.js';
import type { Output } from '../output.js';
import type { GivenNomadFlags } from './flags.js';
import { openNomad } from './open.js';
import { findPluginStub, pluginTable } from './plugins.js';
import { allocationTable } from './volumes.js';

export interface PluginStatusFlags extends GivenNomadFlags {
  readonly verbose: boolean;
  readonly stale: boolean;
}

/** Shows the CSI plugins that Nomad knows, or one. */
export async function pluginsInNomad(
  output: Output,
  { stale, verbose, ...flags }: PluginStatusFlags,
  id: string | undefined,
): Promise<void> {
  using nomad = openNomad(flags);
  if (id !== undefined) {
    const plugin = await output.progress('Reading the plugin', findPlugin(nomad, id, stale));
    return await output.data(plugin, () => describePlugin(output, plugin, verbose));
  }
  const { document } = await output.progress('Reading the plugins', listPlugins(nomad, { stale }));
  const title = output.heading('Container Storage Interface');
  await output.data(
    document,
    () => `${title}\n${document.length === 0 ? 'No CSI plugins' : pluginTable(document)}`,
  );
}

async function findPlugin(nomad: NomadClient, id: string, stale: boolean): Promise<NomadPlugin> {
  const exact = await readPlugin(nomad, id, { stale });
  if (exact !== undefined) return exact.document;
  const { ID } = await findPluginStub(nomad, id, stale);
  const found = await readPlugin(nomad, ID, { stale });
  return found === undefined ? findPlugin(nomad, ID, stale) : found.document;
}

function describePlugin(output: Output, plugin: NomadPlugin, verbose: boolean): string {
  const section = (title: string, body: string) => `${output.heading(title)}\n${body}`;
  const capabilities = (instances: NomadPlugin['Nodes'], info: 'ControllerInfo' | 'NodeInfo') => {
    const [first] = Object.values(instances);
    const offered = Object.entries(first?.[info] ?? {}).filter(([, value]) => value === true);
    return (
      offered.map(([name]) => name.replace(/^(?:Supports|Requires)/, '')).join('\n') || '<none>'
    );
  };
  return [
    keyValues([
      ['ID', plugin.ID],
      ['Provider', plugin.Provider],
      ['Version', plugin.Version],
      ['Controllers Healthy', plugin.ControllersHealthy],
      ['Controllers Expected', plugin.ControllersExpected],
      ['Nodes Healthy', plugin.NodesHealthy],
      ['Nodes Expected', plugin.NodesExpected],
    ]),
    ...unhealthy(plugin).map((text) => section('Unhealthy', text)),
    ...(verbose
      ? [
          section('Controller Capabilities', capabilities(plugin.Controllers, 'ControllerInfo')),
          section('Node Capabilities', capabilities(plugin.Nodes, 'NodeInfo')),
          ...topologies(plugin).map((text) => section('Accessible Topologies', text)),
        ]
      : []),
    section('Allocations', allocationTable(plugin.Allocations, verbose)),
  ].join('\n\n');
}

/** Each instance that is not healthy, and what Nomad says of it; nothing where all are. */
function unhealthy({ Controllers, Nodes }: NomadPlugin): string[] {
  const rows = [
    ...Object.entries(Controllers).map((entry) => ['controller', ...entry] as const),
    ...Object.entries(Nodes).map((entry) => ['node', ...entry] as const),
  ]
    .filter(([, , { Healthy }]) => !Healthy)
    .map(([kind, nodeId, { AllocID, HealthDescription }]) => [
      kind,
      nodeId.slice(0, 8),
      AllocID.slice(0, 8),
      HealthDescription,
    ]);
  return rows.length === 0 ? [] : [table(['Instance', 'Node ID', 'Allocation', 'Problem'], rows)];
}

function topologies({ Nodes }: NomadPlugin): string[] {
  const rows = Object.entries(Nodes).flatMap(([nodeId, { NodeInfo }]) => {
    const segments = Object.entries(NodeInfo?.AccessibleTopology?.Segments ?? {});
    return segments.length === 0
      ? []
      : [[nodeId.slice(0, 8), segments.map(([key, value]) => `${key}=${value}`).join(',')]];
  });
  return rows.length === 0 ? [] : [table(['Node ID', 'Accessible Topology'], rows)];
}
