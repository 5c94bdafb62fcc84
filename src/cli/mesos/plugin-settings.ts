import { loadSettings } from '../../config/load.js';
import type { Settings } from '../../config/settings.js';
import type { KnownClusters } from '../../mesos/files/profiles.js';
import { hasErrors } from '../../spec/diagnostic.js';
import { diagnosticLine } from '../../spec/render.js';

/** A plugin's configuration, or why it cannot be used here. */
export type PluginSettings =
  | { readonly settings: Settings; readonly problem: undefined }
  | { readonly settings: undefined; readonly problem: string };

/** Mesos names the endpoint when it starts the plugin. */
const ANY_ENDPOINT = { endpoint: 'unix:///csi.sock' };

/** Reads the configuration that the plugin would read, without flags and variables. */
export function pluginSettings(path: string): PluginSettings {
  const { settings, diagnostics } = loadSettings({ file: path, flags: ANY_ENDPOINT, env: {} });
  if (settings !== undefined) return { settings, problem: undefined };
  const [first] = diagnostics.filter((one) => hasErrors([one]));
  return { settings, problem: first === undefined ? path : diagnosticLine(first) };
}

/** What profiles are held against. */
export function clustersOf({ clusters }: Settings): KnownClusters {
  return {
    names: clusters.map(({ name }) => name),
    nameOf: (id) => clusters.find((one) => one.id === id)?.name,
    defaultPool: (cluster) => clusters.find(({ name }) => name === cluster)?.pool ?? '',
  };
}
