import type { NomadClient } from '../../nomad/client.js';
import { listPlugins, type PluginStub } from '../../nomad/plugins.js';
import { didYouMean } from '../../volume/guess.js';
import { table } from '../columns.js';
import { CommandError } from '../errors.js';

export function pluginTable(plugins: readonly PluginStub[]): string {
  return table(
    ['ID', 'Provider', 'Controllers Healthy/Expected', 'Nodes Healthy/Expected'],
    plugins.map((one) => [
      one.ID,
      one.Provider,
      `${one.ControllersHealthy}/${one.ControllersExpected}`,
      `${one.NodesHealthy}/${one.NodesExpected}`,
    ]),
  );
}

const idsOf = (plugins: readonly PluginStub[]) => plugins.map(({ ID }) => ID);

/** The plugin with this ID, or with the only one that begins so. Throws CommandError. */
export async function findPluginStub(
  nomad: NomadClient,
  id: string,
  stale = false,
): Promise<PluginStub> {
  const { document } = await listPlugins(nomad, { stale });
  const exact = document.filter(({ ID }) => ID === id);
  const found = exact.length > 0 ? exact : document.filter(({ ID }) => ID.startsWith(id));
  const [plugin] = found;
  if (plugin !== undefined && found.length === 1) return plugin;
  throw plugin === undefined
    ? new CommandError(`Nomad has no CSI plugin "${id}"${didYouMean(id, idsOf(document))}`, {
        code: 'NOT_FOUND',
        remedy:
          'List what there is with `pannier plugin status`; a plugin is there while its job runs.',
      })
    : new CommandError('Prefix matched multiple plugins', {
        text: pluginTable(found),
        code: 'AMBIGUOUS',
        details: found.map(({ ID }) => ID),
      });
}

/** True where a plugin's controller can be asked. */
export function hasController({ ControllerRequired, ControllersHealthy }: PluginStub): boolean {
  return ControllerRequired && ControllersHealthy > 0;
}
