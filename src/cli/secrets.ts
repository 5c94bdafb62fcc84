import { readFile } from 'node:fs/promises';
import type { VolumeSpec } from '../spec/volume.js';
import { CommandError, EXIT } from './errors.js';
import { GENERAL_OPTIONS, option } from './flags.js';

/** For commands whose requests may carry secrets. They are never taken from the command line, which others can read. */
export const secretsFlags = {
  'secrets-file': option({
    value: 'path',
    helpGroup: GENERAL_OPTIONS,
    description:
      "A file with the volume's secrets: a JSON object, or lines of key=value. Without it, or a secrets block in the specification, the plugin uses its own credentials.",
    env: 'PANNIER_SECRETS_FILE',
  }),
};

/** The secrets in a file. Throws CommandError, which tells the line and never the value. */
export async function readSecrets(path: string | undefined): Promise<Record<string, string>> {
  if (path === undefined) return {};
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`cannot read the secrets file: ${error.message}`, {
      exitCode: EXIT.usage,
    });
  });
  return text.trimStart().startsWith('{') ? fromJson(text, path) : fromLines(text, path);
}

/** Specifications with the secrets of a file besides their own, over which they count. */
export function withSecrets(
  specs: readonly VolumeSpec[],
  secrets: Readonly<Record<string, string>>,
): readonly VolumeSpec[] {
  if (Object.keys(secrets).length === 0) return specs;
  return specs.map((spec) => ({ ...spec, secrets: { ...spec.secrets, ...secrets } }));
}

function fromJson(text: string, path: string): Record<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which is secret.
    throw bad(path, 'it begins as JSON and is not');
  }
  const entries = Object.entries(value as object);
  for (const [key, entry] of entries)
    if (typeof entry !== 'string') throw bad(path, `the value of "${key}" is not a string`);
  return Object.fromEntries(entries) as Record<string, string>;
}

function fromLines(text: string, path: string): Record<string, string> {
  const secrets: Record<string, string> = {};
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const equals = line.indexOf('=');
    if (equals < 1) throw bad(path, `line ${at + 1} is not key=value`);
    secrets[line.slice(0, equals).trim()] = line.slice(equals + 1).trim();
  }
  return secrets;
}

function bad(path: string, problem: string): CommandError {
  return new CommandError(`the secrets file ${path} is not understood: ${problem}`, {
    exitCode: EXIT.usage,
  });
}
