import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { VaultError } from './errors.js';

/** Where Vault listens when nothing else is said, as its own command line has it. */
const DEFAULT_ADDRESS = 'https://127.0.0.1:8200';

/** How Vault is reached, and as whom. */
export interface VaultSettings {
  readonly address: URL;
  readonly token: string | undefined;
  readonly namespace: string | undefined;
  /** PEM texts. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** The name in its certificate, where that is not the host's. */
  readonly serverName: string | undefined;
  readonly skipVerify: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads Vault's own variables: VAULT_ADDR, VAULT_TOKEN or the token that `vault login` keeps, VAULT_NAMESPACE,
 * VAULT_CACERT, VAULT_CLIENT_CERT, VAULT_CLIENT_KEY, VAULT_TLS_SERVER_NAME, VAULT_SKIP_VERIFY. Throws VaultError.
 */
export async function vaultSettings(env: Environment): Promise<VaultSettings> {
  const given = (name: string) => env[name] || undefined;
  const pem = async (name: string) => {
    const path = given(name);
    return path === undefined ? undefined : readText(path, name);
  };
  const [ca, cert, key] = await Promise.all(
    ['VAULT_CACERT', 'VAULT_CLIENT_CERT', 'VAULT_CLIENT_KEY'].map(pem),
  );
  return {
    address: readAddress(given('VAULT_ADDR') ?? DEFAULT_ADDRESS),
    token: given('VAULT_TOKEN') ?? (await keptToken(env)),
    namespace: given('VAULT_NAMESPACE'),
    ca,
    cert,
    key,
    serverName: given('VAULT_TLS_SERVER_NAME'),
    skipVerify: /^(?:1|t|T|true|TRUE|True)$/.test(env.VAULT_SKIP_VERIFY ?? ''),
  };
}

function readAddress(text: string): URL {
  const address = URL.parse(text);
  if (address !== null && /^https?:$/.test(address.protocol) && address.hostname !== '')
    return address;
  throw new VaultError(
    `VAULT_ADDR is "${text}", which is no address of Vault`,
    'Write https://host:8200 or http://host:8200.',
  );
}

/** What `vault login` leaves behind. */
async function keptToken(env: Environment): Promise<string | undefined> {
  const text = await readFile(join(env.HOME || homedir(), '.vault-token'), 'utf8').catch(() => '');
  return text.trim() || undefined;
}

async function readText(path: string, variable: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new VaultError(`cannot read ${path}: ${error.message}`, `Correct ${variable}.`);
  });
}
