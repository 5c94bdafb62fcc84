import { didYouMean } from '../volume/guess.js';
import { askVault, type VaultAnswer } from './client.js';
import { VaultError } from './errors.js';
import type { VaultSettings } from './settings.js';

/**
 * A field of a secret in a key/value engine of version 1 or 2. The path is that of `vault kv get`: the engine's
 * and the secret's; with version 2 the `data/` between them may be written too. Throws VaultError.
 */
export async function readField(
  settings: VaultSettings,
  path: string,
  key: string,
): Promise<string> {
  const plain = path.replace(/^\/+|\/+$/g, '');
  const engine = await engineOf(settings, plain);
  const where = placeOf(plain, engine);
  const answer = await askVault(settings, where.split('/').map(encodeURIComponent).join('/'));
  const data = fieldsIn(answer, engine.version);
  if (data === undefined) throw refusal(settings, answer, plain, where);
  const value = Object.hasOwn(data, key) ? data[key] : undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new VaultError(
    value === undefined
      ? `Vault's "${plain}" has no "${key}"${didYouMean(key, Object.keys(data))}`
      : `"${key}" in Vault's "${plain}" is no text`,
    `Look with: vault kv get ${plain}`,
  );
}

interface Engine {
  /** Where it is mounted, with a slash at the end; '' where Vault does not tell. */
  readonly mount: string;
  readonly version: 1 | 2;
}

/** As `vault kv` does, Vault is asked what stands at the path: the two versions differ in it. */
async function engineOf(settings: VaultSettings, path: string): Promise<Engine> {
  const escaped = path.split('/').map(encodeURIComponent).join('/');
  const answer = await askVault(settings, `sys/internal/ui/mounts/${escaped}`);
  if (answer.status === 404) return { mount: '', version: 1 };
  const data = inside(answer.body, 'data');
  const mount = data?.path;
  if (answer.status !== 200 || typeof mount !== 'string')
    throw refusal(settings, answer, path, path);
  return { mount, version: inside(data, 'options')?.version === '2' ? 2 : 1 };
}

function placeOf(path: string, { mount, version }: Engine): string {
  if (version === 1 || !path.startsWith(mount)) return path;
  const rest = path.slice(mount.length);
  return rest.startsWith('data/') ? path : `${mount}data/${rest}`;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsIn({ status, body }: VaultAnswer, version: 1 | 2): Fields | undefined {
  if (status !== 200) return undefined;
  const data = inside(body, 'data');
  return version === 1 ? data : inside(data, 'data');
}

function inside(value: unknown, key: string): Fields | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found = (value as Fields)[key];
  return typeof found === 'object' && found !== null ? (found as Fields) : undefined;
}

function refusal(
  { address, token }: VaultSettings,
  { status, body }: VaultAnswer,
  path: string,
  where: string,
): VaultError {
  const at = `Vault at ${address.origin}`;
  if (status === 403)
    return new VaultError(
      `${at} does not let this token read "${path}"`,
      token === undefined
        ? 'Set VAULT_TOKEN, or log in with: vault login.'
        : `Its policy needs: path "${where}" { capabilities = ["read"] }.`,
      status,
    );
  if (status === 404 || status === 200)
    return new VaultError(
      `${at} has nothing at "${path}"`,
      `Look with: vault kv get ${path}. A version that was deleted counts as nothing.`,
      status,
    );
  if (status === 503)
    return new VaultError(`${at} is sealed or not ready`, 'See: vault status.', status);
  return new VaultError(`${at} answers ${status}${said(body)}`, 'See: vault status.', status);
}

/** Vault's own words, which name paths and reasons, and no values. */
function said(body: unknown): string {
  const errors = typeof body === 'object' && body !== null ? (body as Fields).errors : undefined;
  return Array.isArray(errors) && typeof errors[0] === 'string'
    ? `: ${errors[0].replace(/\s+/g, ' ').slice(0, 200)}`
    : '';
}
