import { join } from 'node:path';
import type { PluginInfo } from './agent.js';

/** Where an agent keeps what it has of a CSI plugin. */
export function pluginFolder(workDir: string, { type, name = 'default' }: PluginInfo): string {
  return join(workDir, 'csi', type, name);
}

/** The socket of a plugin that an agent started in a container. */
export function pluginSocket(workDir: string, plugin: PluginInfo, containerId: string): string {
  const folder = pluginFolder(workDir, plugin);
  return join(folder, 'containers', containerId, 'endpoint', 'endpoint.sock');
}

/** What an agent writes down of a volume before it does something with it. */
export function volumeState(workDir: string, plugin: PluginInfo, volumeId: string): string {
  return join(pluginFolder(workDir, plugin), 'volumes', encoded(volumeId), 'volume.state');
}

/** In one part of a path, in the way of Mesos. */
function encoded(volumeId: string): string {
  return encodeURIComponent(volumeId).replaceAll('~', '%7E');
}
