import { realpathSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pluginFolder, pluginSocket } from '../../mesos/places.js';
import type { AgentView } from '../../mesos/view.js';
import { failureOf } from '../errors.js';
import { openPlugin, type Plugin } from '../plugin.js';
import { type ListedVolume, listVolumes } from '../volumes.js';
import { keptPlugins, workDirOf } from './local.js';

/** A plugin that an agent runs on this very machine. */
export interface LocalPlugin {
  readonly endpoint: string;
  readonly isController: boolean;
}

/** Plugins of an agent's that can be spoken to here; none where the agent is elsewhere. */
export async function localPlugins(view: AgentView): Promise<readonly LocalPlugin[]> {
  const workDir = workDirOf(view);
  if (workDir === undefined) return [];
  const found = await Promise.all(
    (await keptPlugins(workDir)).map(async (plugin) => {
      const folder = join(pluginFolder(workDir, plugin), 'containers');
      const ids = await readdir(folder).catch(() => []);
      return ids
        .filter((id) => view.containers.some((one) => one.id === id))
        .flatMap((id) => {
          const path = real(pluginSocket(workDir, plugin, id));
          const isController = id.includes('CONTROLLER_SERVICE');
          return path === undefined ? [] : [{ endpoint: `unix://${path}`, isController }];
        });
    }),
  );
  return found.flat();
}

/** The controllers among them. */
export async function localControllers(views: readonly AgentView[]): Promise<readonly string[]> {
  const plugins = (await Promise.all(views.map(localPlugins))).flat();
  return plugins.filter(({ isController }) => isController).map(({ endpoint }) => endpoint);
}

/** The path without links, of which Mesos has one for the folder: a socket's path is short. */
function real(socket: string): string | undefined {
  try {
    return realpathSync(join(realpathSync(dirname(socket)), basename(socket)));
  } catch {
    return undefined;
  }
}

/** A plugin that was asked for its volumes. */
export interface AskedPlugin {
  readonly endpoint: string;
  readonly plugin: Plugin;
  readonly volumes: readonly ListedVolume[] | undefined;
  readonly problem: string | null;
}

/** Asks a plugin for its volumes. It must be closed, whatever it answers. */
export async function askPlugin(endpoint: string): Promise<AskedPlugin> {
  const plugin = openPlugin(endpoint);
  try {
    return { endpoint, plugin, volumes: await listVolumes(plugin), problem: null };
  } catch (error) {
    return { endpoint, plugin, volumes: undefined, problem: failureOf(error).message };
  }
}
