import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { badSetting } from './errors.js';
import type { TlsSettings } from './settings.js';

/** What node:tls takes. */
export interface TlsOptions {
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/**
 * Reads the files that TLS settings name. Authorities that are named take the place of the machine's own, as with
 * Nomad. Throws NomadError, CONFIG.
 */
export async function tlsOptions(settings: TlsSettings): Promise<TlsOptions> {
  const { caCert, caPath, clientCert, clientKey, serverName, skipVerify } = settings;
  const [ca, cert, key] = await Promise.all([
    authorities(caCert, caPath),
    clientCert === undefined ? undefined : pem(clientCert, '-client-cert or NOMAD_CLIENT_CERT'),
    clientKey === undefined ? undefined : pem(clientKey, '-client-key or NOMAD_CLIENT_KEY'),
  ]);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: !skipVerify,
  };
}

/** A file counts before a folder, as with Nomad. */
async function authorities(
  file: string | undefined,
  folder: string | undefined,
): Promise<readonly string[] | undefined> {
  if (file !== undefined) return [await pem(file, '-ca-cert or NOMAD_CACERT')];
  if (folder === undefined) return undefined;
  const source = '-ca-path or NOMAD_CAPATH';
  const names = await readdir(folder).catch((error: Error) => unreadable(folder, source, error));
  return Promise.all(names.map((name) => pem(join(folder, name), source)));
}

async function pem(path: string, source: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: Error) =>
    unreadable(path, source, error),
  );
  if (text.includes('-----BEGIN ')) return text;
  throw badSetting(`${path} holds no certificate or key in PEM`, `Correct ${source}.`);
}

function unreadable(path: string, source: string, error: Error): never {
  throw badSetting(`cannot read ${path}: ${error.message}`, `Correct ${source}.`, error);
}
