import type { PluginInfo } from './agent.js';

/** The isolator's plugins have this where a provider's have its type and name. */
const ISOLATOR = 'mesos-internal-csi-';
const ENDS = /--(?:CONTROLLER_SERVICE|NODE_SERVICE)(?:-(?:CONTROLLER_SERVICE|NODE_SERVICE))*$/;

/** A resource provider, as far as the names of its plugin's containers tell of it. */
export interface ProviderName {
  readonly type: string;
  readonly name: string;
}

/** What the ids of a plugin's containers begin with; without a provider, of a plugin of the isolator volume/csi. */
export function containerPrefix(
  { type, name = 'default' }: PluginInfo,
  provider: ProviderName | undefined,
): string {
  const dashes = (text: string) => text.replaceAll('.', '-');
  const owner = provider === undefined ? ISOLATOR : `${dashes(provider.type)}-${provider.name}--`;
  return `${owner}${dashes(type)}-${name}--`;
}

/** True for a container that Mesos itself started for a CSI plugin. */
export function isPluginContainer(id: string): boolean {
  return ENDS.test(id);
}

/** True for a container of the plugin whose containers' ids begin so. */
export function isContainerOf(prefix: string, id: string): boolean {
  return id.startsWith(prefix) && ENDS.test(id.slice(prefix.length - 2));
}
