import type { Outside } from '../config/choose.js';
import { type Loaded, loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { openLog } from '../observe/log.js';
import type { Follow } from '../plugin/run.js';
import { diagnosticsToJson, renderDiagnostics } from '../spec/render.js';
import { colourful } from './colour.js';
import { CommandError, EXIT } from './errors.js';

const IN_CONSUL = 'consul://';

/** Settings that can be used, and what was noticed in them. */
export interface UsableSettings {
  readonly settings: Settings;
  /** For a person, or undefined where there are none. */
  readonly warnings: string | undefined;
  /** Undefined where they do not change while the plugin runs. */
  readonly follow: Follow | undefined;
}

/**
 * Reads the plugin's settings; a configuration in Consul is waited for, if it may be. Throws CommandError with every
 * mistake in them.
 *
 * @param config The path of the file, or where in Consul the configuration is.
 */
export async function usableSettings(
  config: string | undefined,
  flags: Readonly<Record<string, string | undefined>>,
  mayWait: boolean,
): Promise<UsableSettings> {
  const outside = { flags, env: process.env };
  const { loaded, follow } = config?.startsWith(IN_CONSUL)
    ? await fromConsul(config, outside, mayWait)
    : { loaded: loadSettings({ ...outside, file: config }), follow: undefined };
  const { settings, diagnostics, sources } = loaded;
  const text = renderDiagnostics(diagnostics, sources, { colour: colourful(process.stderr) });
  if (settings === undefined)
    throw new CommandError('the configuration cannot be used', {
      text,
      code: 'CONFIG',
      exitCode: EXIT.usage,
      details: diagnosticsToJson(diagnostics),
    });
  return { settings, warnings: diagnostics.length === 0 ? undefined : text, follow };
}

async function fromConsul(
  address: string,
  outside: Outside,
  mayWait: boolean,
): Promise<{ loaded: Loaded; follow: Follow | undefined }> {
  const { ConsulConfiguration } = await import('../plugin/configuration.js');
  const configuration = new ConsulConfiguration(address, outside, openLog('info'));
  return {
    loaded: await configuration.load(mayWait),
    follow: (use) => configuration.follow(use),
  };
}
