import type { GivenNomadFlags } from '../nomad/flags.js';
import { openPlugin, type Plugin } from '../plugin.js';
import { wayOf } from '../way.js';
import type { AskLive, TypedFlags } from './candidates.js';
import type { Live } from './kinds.js';

/** More than these are too many to choose from. */
const MOST = 1000;

/** What there is, from wherever the command itself would ask. Nothing where that fails. */
export const askLive: AskLive = async (kind, beginning, command, flags) => {
  const asked = sourcesOf(kind, command, flags).map((source) => source().catch(() => []));
  const found = new Set((await Promise.all(asked)).flat());
  // A shell would part a word at a blank.
  return [...found]
    .filter((word) => word.startsWith(beginning) && !/\s/.test(word))
    .sort()
    .slice(0, MOST);
};

type Source = () => Promise<readonly string[]>;

function sourcesOf(kind: Live, command: string, flags: TypedFlags): readonly Source[] {
  const { endpoint, address } = flags;
  const way = wayOf({ endpoint, address });
  const nomad = () => fromNomad(kind, flags);
  const straight = (at: string) => () => fromPlugin(kind, at);
  if (kind === 'namespace' || kind === 'plugin') return [nomad];
  if (command === 'volume:detach' || command === 'volume:deregister') return [nomad];
  if (command === 'volume:inspect')
    return way.through === 'nomad' ? [nomad] : [nomad, straight(way.endpoint)];
  return way.through === 'nomad' ? [nomad] : [straight(way.endpoint)];
}

async function fromPlugin(kind: Live, endpoint: string): Promise<readonly string[]> {
  await using plugin = openPlugin(endpoint);
  switch (kind) {
    case 'volume':
      return await volumesOf(plugin);
    case 'snapshot': {
      const { listSnapshots } = await import('../snapshots.js');
      return (await listSnapshots(plugin, {})).map(({ id }) => id);
    }
    case 'deleted': {
      const { listDeletions } = await import('../deleted.js');
      return (await listDeletions(plugin)).map(({ id }) => id);
    }
    case 'node': {
      const { listVolumes } = await import('../volumes.js');
      return (await listVolumes(plugin)).flatMap(({ nodes }) => nodes);
    }
    default:
      return [];
  }
}

/** Names are shorter to type than handles, and mean the same. */
async function volumesOf(plugin: Plugin): Promise<string[]> {
  const { listVolumes } = await import('../volumes.js');
  return (await listVolumes(plugin)).flatMap(({ id, name }) => (name === null ? [id] : [name, id]));
}

async function fromNomad(kind: Live, flags: TypedFlags): Promise<readonly string[]> {
  const { openNomad } = await import('../nomad/open.js');
  using nomad = openNomad(flags as unknown as GivenNomadFlags);
  switch (kind) {
    case 'volume': {
      const { listVolumes } = await import('../../nomad/volumes.js');
      return (await listVolumes(nomad, { stale: true })).document.map(({ ID }) => ID);
    }
    case 'plugin': {
      const { listPlugins } = await import('../../nomad/plugins.js');
      return (await listPlugins(nomad, { stale: true })).document.map(({ ID }) => ID);
    }
    case 'node': {
      const { listNodes } = await import('../../nomad/nodes.js');
      return (await listNodes(nomad, { stale: true })).document.map(({ Name }) => Name);
    }
    case 'namespace': {
      const { listNamespaces } = await import('../../nomad/namespaces.js');
      return (await listNamespaces(nomad)).map(({ Name }) => Name);
    }
    case 'snapshot': {
      const [{ listPlugins }, { listSnapshots }] = await Promise.all([
        import('../../nomad/plugins.js'),
        import('../../nomad/snapshots.js'),
      ]);
      const { document: plugins } = await listPlugins(nomad, { stale: true });
      const wanted = plugins.filter(
        ({ ID, ControllersHealthy }) => ID.startsWith(flags.plugin ?? '') && ControllersHealthy > 0,
      );
      const lists = wanted.map(({ ID }) => listSnapshots(nomad, ID, {}).catch(() => []));
      return (await Promise.all(lists)).flat().map(({ ID }) => ID);
    }
    default:
      return [];
  }
}
