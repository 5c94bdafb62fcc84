import type { NomadPlugin, PluginInstance } from '../../plugins.js';
import type { Finding, Rule } from '../finding.js';
import { clientWords, pluginTasks, usableNodes } from '../tasks.js';
import type { ClusterView } from '../view.js';

/** Whether there are plugins at all. */
export const anyPlugin: Rule = (view) =>
  view.plugins?.length === 0 && view.jobs !== undefined && pluginTasks(view).length === 0
    ? [
        {
          kind: 'no-plugin',
          severity: 'error',
          subject: 'cluster',
          problem: 'no CSI plugin is there, and no job runs one',
          reason: 'volumes are created and mounted by a plugin, which is a job of its own',
          remedy: 'Run the jobs in jobspecs/nomad, as the guide "Install on Nomad" says.',
        },
      ]
    : [];

/** Plugins of which too little is healthy. */
export const pluginHealth: Rule = (view) =>
  (view.plugins ?? []).flatMap((plugin) => {
    if (isForgotten(plugin, view)) return [];
    const { nodes = [] } = view;
    const name = (id: string) => nodes.find(({ ID }) => ID === id)?.Name ?? id.slice(0, 8);
    const subject = `plugin "${plugin.ID}"`;
    return [
      ...controllers(plugin, subject),
      ...nodesOf(plugin, subject),
      ...unhealthy('controller', plugin.Controllers, subject, name),
      ...unhealthy('node', plugin.Nodes, subject, name),
    ];
  });

/** True for a plugin whose job was taken away and that no volume names: Nomad forgets it within the hour. */
function isForgotten(
  { ID, ControllersExpected, NodesExpected }: NomadPlugin,
  view: ClusterView,
): boolean {
  const { jobs, volumes } = view;
  if (ControllersExpected + NodesExpected > 0 || jobs === undefined || volumes === undefined)
    return false;
  return (
    !pluginTasks(view).some(({ plugin }) => plugin.ID === ID) &&
    !volumes.some(({ PluginID }) => PluginID === ID)
  );
}

function controllers(plugin: NomadPlugin, subject: string): Finding[] {
  const { ControllerRequired, ControllersHealthy, ControllersExpected } = plugin;
  if (!ControllerRequired) return [];
  if (ControllersHealthy === 0)
    return [
      {
        kind: 'no-controller',
        severity: 'error',
        subject,
        problem:
          ControllersExpected === 0
            ? 'it has no controller'
            : `none of its ${ControllersExpected} controllers is healthy`,
        reason:
          'volumes can be neither created, published, expanded nor deleted, and claims are not freed',
        remedy:
          'See `nomad alloc logs -stderr` of an allocation of its controller job, and the findings on that job.',
      },
    ];
  if (ControllersHealthy === 1)
    return [
      {
        kind: 'one-controller',
        severity: 'warning',
        subject,
        problem: 'only one controller of it is healthy',
        reason:
          'when the client goes that it is on, no volume can move until the controller runs elsewhere',
        remedy: 'Give the group of its controller job count = 2; they share the work.',
      },
    ];
  return [];
}

function nodesOf({ NodesHealthy, NodesExpected }: NomadPlugin, subject: string): Finding[] {
  if (NodesHealthy > 0) return [];
  return [
    {
      kind: 'no-node',
      severity: 'error',
      subject,
      problem:
        NodesExpected === 0 ? 'it has no node' : `none of its ${NodesExpected} nodes is healthy`,
      reason: 'no job that uses a volume of it can be placed',
      remedy:
        'Run its node job, or see `nomad alloc logs -stderr` of an allocation of it, and the findings on that job.',
    },
  ];
}

function unhealthy(
  kind: 'controller' | 'node',
  instances: NomadPlugin['Nodes'],
  subject: string,
  name: (id: string) => string,
): Finding[] {
  return Object.entries(instances)
    .filter(([, { Healthy }]) => !Healthy)
    .map(([id, { AllocID, HealthDescription }]) => ({
      kind: 'instance-unhealthy',
      severity: 'error',
      subject: `${subject}, ${kind} on client "${name(id)}"`,
      problem:
        HealthDescription === '' ? 'it is not healthy' : `it is not healthy: ${HealthDescription}`,
      reason:
        kind === 'node'
          ? 'jobs that use volumes are not placed there, and those there are not let go of'
          : 'Nomad does not ask it',
      remedy: `See \`nomad alloc logs -stderr ${AllocID.slice(0, 8)}\`.`,
    }));
}

/** Clients without the plugin of volumes. */
export const clientsWithoutPlugin: Rule = (view) => {
  const usable = usableNodes(view).filter(({ Status }) => Status === 'ready');
  return (view.plugins ?? []).flatMap((plugin): Finding[] => {
    const without = usable.filter(({ ID }) => !Object.hasOwn(plugin.Nodes, ID));
    // A plugin without any node is told of as that.
    if (plugin.NodesHealthy === 0 || without.length === 0) return [];
    return [
      {
        kind: 'client-without-plugin',
        severity: 'warning',
        subject: clientWords(without.map(({ Name }) => Name)),
        problem: `plugin "${plugin.ID}" has no node there`,
        reason: 'jobs that use its volumes are never placed there',
        remedy:
          'Where they should be, let the node job run there: it is a system job, and its constraints, datacenters and node pool leave these clients out, or its allocation failed there.',
      },
    ];
  });
};

/** Controllers and nodes of one plugin that are of different versions. */
export const mixedVersions: Rule = ({ instances = [] }) => {
  const byPlugin = Map.groupBy(instances, ({ instance }) => instance.PluginID);
  return [...byPlugin].flatMap(([id, all]): Finding[] => {
    const versions = [...new Set(all.map(({ instance }) => versionOf(instance)))].sort();
    if (versions.length < 2) return [];
    const words = versions.map((version) => {
      const where = all.filter(({ instance }) => versionOf(instance) === version);
      return `${version}: ${[...new Set(where.map(({ kind, nodeName }) => `${kind} on "${nodeName}"`))].slice(0, 4).join(', ')}`;
    });
    return [
      {
        kind: 'mixed-versions',
        severity: 'warning',
        subject: `plugin "${id}"`,
        problem: `its instances are of different versions (${words.join('; ')})`,
        reason: 'that is right during an upgrade, and should end with it',
        remedy: 'Upgrade the rest: controllers first, then nodes.',
      },
    ];
  });
};

function versionOf({ ProviderVersion }: PluginInstance): string {
  return ProviderVersion || 'unknown';
}
