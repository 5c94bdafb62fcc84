import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { containerPrefix, isContainerOf } from '../../mesos/containers.js';
import { checkFiles } from '../../mesos/files/check.js';
import { namedPlugin } from '../../mesos/files/plugin.js';
import { namedProvider } from '../../mesos/files/provider.js';
import { pluginFolder, volumeState } from '../../mesos/places.js';
import type { AgentView } from '../../mesos/view.js';
import { readMounts } from '../../node/mountinfo.js';
import { readFiles } from './files.js';

/** A plugin of which an agent keeps something in its work directory. */
export interface KeptPlugin {
  readonly type: string;
  readonly name: string;
}

/** The work directory of an agent of this machine; undefined where it is none, or does not tell. */
export function workDirOf({ flags }: AgentView): string | undefined {
  const workDir = flags?.get('work_dir');
  return workDir !== undefined && existsSync(join(workDir, 'csi')) ? workDir : undefined;
}

/** The plugins that an agent has had. */
export async function keptPlugins(workDir: string): Promise<readonly KeptPlugin[]> {
  const folder = join(workDir, 'csi');
  const types = await readdir(folder);
  const found = await Promise.all(
    types.map(async (type) =>
      (await readdir(join(folder, type)).catch(() => [])).map((name) => ({ type, name })),
    ),
  );
  return found.flat();
}

/** True where the agent has written something down of a volume. */
export async function remembers(workDir: string, volumeId: string): Promise<boolean> {
  const plugins = await keptPlugins(workDir);
  return plugins.some((plugin) => existsSync(volumeState(workDir, plugin, volumeId)));
}

/** What begins the ids of the containers of plugins that are configured; a problem where that cannot be told. */
export async function configuredPrefixes({
  flags,
  providers,
}: AgentView): Promise<{ readonly prefixes: readonly string[] } | { readonly problem: string }> {
  const folders = ['resource_provider_config_dir', 'csi_plugin_config_dir'].flatMap(
    (flag) => flags?.get(flag) ?? [],
  );
  try {
    // Mesos reads every file of the two, whatever its name.
    const paths = await Promise.all(folders.map(filesIn));
    const { files } = checkFiles(await readFiles(paths.flat()), undefined);
    const unread = files.find(({ kind }) => kind !== 'provider' && kind !== 'isolator');
    if (unread !== undefined) return { problem: `${unread.path} is not what Mesos reads` };
    const ofFiles = files.flatMap(({ kind, json }) => {
      if (json === undefined) return [];
      const plugin = kind === 'isolator' ? namedPlugin(json) : undefined;
      const provider = kind === 'provider' ? namedProvider(json) : undefined;
      if (provider !== undefined) return [containerPrefix(provider.plugin, provider)];
      return plugin === undefined ? [] : [containerPrefix(plugin, undefined)];
    });
    return {
      prefixes: [...ofFiles, ...providers.map((one) => containerPrefix(one.plugin, one))],
    };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { withFileTypes: true });
  return found.filter((entry) => !entry.isDirectory()).map(({ name }) => join(folder, name));
}

/** True where no plugin that is configured has this container. */
export function isLeft(prefixes: readonly string[], containerId: string): boolean {
  return !prefixes.some((prefix) => isContainerOf(prefix, containerId));
}

/** The plugin that an agent started a container for; undefined where it did not. */
export async function pluginOf(
  workDir: string,
  containerId: string,
): Promise<KeptPlugin | undefined> {
  const plugins = await keptPlugins(workDir);
  return plugins.find((plugin) =>
    existsSync(join(pluginFolder(workDir, plugin), 'containers', containerId)),
  );
}

/** What of a plugin's volumes is mounted on this machine. */
export function mountedOf(workDir: string, plugin: KeptPlugin): readonly string[] {
  const folder = join(pluginFolder(workDir, plugin), 'mounts');
  return readMounts()
    .map(({ path }) => path)
    .filter((path) => path.startsWith(`${folder}/`));
}
