import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How TLS is spoken: paths of PEM files. */
export interface TlsSettings {
  readonly caCert?: string;
  /** A folder of them. */
  readonly caPath?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  /** The name that the certificate must have, where that is not the host's. */
  readonly serverName?: string;
  readonly skipVerify: boolean;
}

/** What node:tls takes. */
export interface TlsOptions {
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/** Where the settings come from, in words, for what is wrong with them. */
export interface TlsSources {
  readonly caCert: string;
  readonly caPath?: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

/** Makes the error for a setting that cannot be used. */
type BadSetting = (message: string, remedy: string, cause?: unknown) => Error;

/**
 * Reads the files that TLS settings name. Authorities that are named take the place of the machine's own; a file
 * counts before a folder. Throws what `badSetting` makes.
 */
export async function tlsOptions(
  settings: TlsSettings,
  sources: TlsSources,
  badSetting: BadSetting,
): Promise<TlsOptions> {
  const { caCert, caPath, clientCert, clientKey, serverName, skipVerify } = settings;
  const unreadable = (path: string, source: string, error: Error): never => {
    throw badSetting(`cannot read ${path}: ${error.message}`, `Correct ${source}.`, error);
  };
  const pem = async (path: string, source: string): Promise<string> => {
    const text = await readFile(path, 'utf8').catch((error: Error) =>
      unreadable(path, source, error),
    );
    if (text.includes('-----BEGIN ')) return text;
    throw badSetting(`${path} holds no certificate or key in PEM`, `Correct ${source}.`);
  };
  const authorities = async (): Promise<readonly string[] | undefined> => {
    if (caCert !== undefined) return [await pem(caCert, sources.caCert)];
    if (caPath === undefined) return undefined;
    const source = sources.caPath ?? '';
    const names = await readdir(caPath).catch((error: Error) => unreadable(caPath, source, error));
    return Promise.all(names.map((name) => pem(join(caPath, name), source)));
  };
  const [ca, cert, key] = await Promise.all([
    authorities(),
    clientCert === undefined ? undefined : pem(clientCert, sources.clientCert),
    clientKey === undefined ? undefined : pem(clientKey, sources.clientKey),
  ]);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: !skipVerify,
  };
}
