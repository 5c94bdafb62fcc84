import { didYouMean } from '../volume/guess.js';
import type { NomadClient } from './client.js';
import { NomadError } from './errors.js';

/** The items of one of Nomad's variables, or undefined where there is no variable at that path. */
export async function readVariable(
  nomad: NomadClient,
  path: string,
  namespace?: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  // A path has slashes, which stay.
  const escaped = path.split('/').map(encodeURIComponent).join('/');
  const answer = await nomad.find<{ readonly Items?: Readonly<Record<string, string>> | null }>(
    `/v1/var/${escaped}`,
    { namespace, needs: `a policy that lets it read the variable "${path}"` },
  );
  return answer && (answer.document.Items ?? {});
}

/** One item of one of Nomad's variables. Throws NomadError; no value is in its message. */
export async function readItem(
  nomad: NomadClient,
  path: string,
  key: string,
  namespace = nomad.settings.namespace ?? 'default',
): Promise<string> {
  const items = await readVariable(nomad, path, namespace);
  if (items === undefined)
    throw new NomadError(`Nomad has no variable "${path}" in namespace "${namespace}"`, {
      code: 'NOT_FOUND',
      remedy: `Write it: nomad var put ${path} ${key}=…`,
    });
  const item = Object.hasOwn(items, key) ? items[key] : undefined;
  if (item !== undefined) return item;
  throw new NomadError(
    `Nomad's variable "${path}" has no item "${key}"${didYouMean(key, Object.keys(items))}`,
    { code: 'NOT_FOUND', remedy: `It has: ${Object.keys(items).join(', ') || 'nothing'}.` },
  );
}
