import { readFile } from 'node:fs/promises';
import { badSetting } from './errors.js';

const SOURCE = 'Correct -credential or PANNIER_MESOS_CREDENTIAL';

/**
 * "principal:secret" out of a file in either form that Mesos's own --credential takes: JSON with `principal` and
 * `secret`, or both on a line with a blank between. Throws MesosError, CONFIG.
 */
export async function readCredential(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw badSetting(`cannot read ${path}: ${error.message}`, `${SOURCE}.`, error);
  });
  const pair = fromJson(text) ?? fromLine(text);
  if (pair !== undefined) return pair;
  throw badSetting(
    `${path} holds no credential`,
    `${SOURCE}: expected {"principal": "…", "secret": "…"}, or both on one line.`,
  );
}

function fromJson(text: string): string | undefined {
  try {
    const { principal, secret } = JSON.parse(text) as Record<string, unknown>;
    return typeof principal === 'string' && typeof secret === 'string'
      ? `${principal}:${secret}`
      : undefined;
  } catch {
    return undefined;
  }
}

function fromLine(text: string): string | undefined {
  const words = text.trim().split(/\s+/);
  const [principal, secret] = words;
  return words.length === 2 && !text.trimStart().startsWith('{')
    ? `${principal}:${secret}`
    : undefined;
}
