import { loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { diagnosticsToJson, renderDiagnostics } from '../spec/render.js';
import { colourful } from './colour.js';
import { CommandError, EXIT } from './errors.js';

/** Settings that can be used, and what was noticed in them. */
export interface UsableSettings {
  readonly settings: Settings;
  /** For a person, or undefined where there are none. */
  readonly warnings: string | undefined;
}

/** Reads the plugin's settings. Throws CommandError with every mistake in them. */
export function usableSettings(
  file: string | undefined,
  flags: Readonly<Record<string, string | undefined>>,
): UsableSettings {
  const { settings, diagnostics, sources } = loadSettings({ file, flags, env: process.env });
  const text = renderDiagnostics(diagnostics, sources, { colour: colourful(process.stderr) });
  if (settings === undefined)
    throw new CommandError('the configuration cannot be used', {
      text,
      code: 'CONFIG',
      exitCode: EXIT.usage,
      details: diagnosticsToJson(diagnostics),
    });
  return { settings, warnings: diagnostics.length === 0 ? undefined : text };
}
