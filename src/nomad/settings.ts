import type { TlsSettings } from '../http/tls.js';
import { badSetting } from './errors.js';

/** Where Nomad listens when nothing else is said. */
export const DEFAULT_ADDRESS = 'http://127.0.0.1:4646';

/** Where an agent's HTTP interface listens. */
export type Address =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'tcp';
      readonly tls: boolean;
      readonly host: string;
      readonly port: number;
    };

/** How Nomad is reached, and as whom. */
export interface NomadSettings {
  /** As it was written, without what a URL may hold of a password. */
  readonly address: string;
  readonly endpoint: Address;
  /** Undefined: the agent's own. */
  readonly region?: string;
  /** Undefined: "default". */
  readonly namespace?: string;
  readonly token?: string;
  /** "user:password" for HTTP's basic authentication. */
  readonly auth?: string;
  readonly tls: TlsSettings;
}

/** Nomad's flags, by their names. */
export interface NomadFlags {
  readonly address?: string | undefined;
  readonly region?: string | undefined;
  readonly namespace?: string | undefined;
  readonly token?: string | undefined;
  readonly 'ca-cert'?: string | undefined;
  readonly 'ca-path'?: string | undefined;
  readonly 'client-cert'?: string | undefined;
  readonly 'client-key'?: string | undefined;
  readonly 'tls-server-name'?: string | undefined;
  readonly 'tls-skip-verify'?: boolean | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads flags, and the variables of Nomad's where a flag is not given. Throws NomadError, CONFIG. */
export function nomadSettings(flags: NomadFlags, env: Environment): NomadSettings {
  const either = (flag: string | undefined, variable: string) => flag || env[variable] || undefined;
  const address = either(flags.address, 'NOMAD_ADDR') ?? DEFAULT_ADDRESS;
  const { endpoint, shown, auth: inAddress } = readAddress(address);
  const auth = inAddress ?? (env.NOMAD_HTTP_AUTH || undefined);
  const tls = present({
    caCert: either(flags['ca-cert'], 'NOMAD_CACERT'),
    caPath: either(flags['ca-path'], 'NOMAD_CAPATH'),
    clientCert: either(flags['client-cert'], 'NOMAD_CLIENT_CERT'),
    clientKey: either(flags['client-key'], 'NOMAD_CLIENT_KEY'),
    serverName: either(flags['tls-server-name'], 'NOMAD_TLS_SERVER_NAME'),
  });
  if ((tls.clientCert === undefined) !== (tls.clientKey === undefined))
    throw badSetting(
      `a client's certificate needs its key, and ${tls.clientKey === undefined ? 'no key' : 'only a key'} is given`,
      'Give both: -client-cert and -client-key, or NOMAD_CLIENT_CERT and NOMAD_CLIENT_KEY.',
    );
  return {
    address: shown,
    endpoint,
    ...present({
      region: either(flags.region, 'NOMAD_REGION'),
      namespace: either(flags.namespace, 'NOMAD_NAMESPACE'),
      token: either(flags.token, 'NOMAD_TOKEN'),
      auth: auth === undefined || auth.includes(':') ? auth : `${auth}:`,
    }),
    tls: { ...tls, skipVerify: flags['tls-skip-verify'] === true || readSkipVerify(env) },
  };
}

// Go's strconv.ParseBool.
const TRUE = /^(?:1|t|T|true|TRUE|True)$/;
const FALSE = /^(?:0|f|F|false|FALSE|False)?$/;

function readSkipVerify(env: Environment): boolean {
  const word = env.NOMAD_SKIP_VERIFY ?? '';
  if (TRUE.test(word)) return true;
  if (FALSE.test(word)) return false;
  throw badSetting(`NOMAD_SKIP_VERIFY is "${word}"`, 'Set it to true or false.');
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };
const FORMS = 'Write http://host:4646, https://host:4646 or unix:///path/of/a/socket.';

/** As in Nomad, a path behind the host counts for nothing. */
function readAddress(text: string): { endpoint: Address; shown: string; auth?: string } {
  const [, path] = /^unix:\/\/(\/.+)$/.exec(text) ?? [];
  if (path !== undefined) return { endpoint: { kind: 'unix', path }, shown: text };
  const url = URL.parse(text);
  const port = url === null ? undefined : DEFAULT_PORTS[url.protocol];
  if (url === null || port === undefined || url.hostname === '')
    throw badSetting(
      `"${text.replace(/\/\/[^/]*@/, '//')}" is no address of Nomad`,
      `${FORMS} It comes from -address or NOMAD_ADDR.`,
    );
  const { protocol, host, hostname, username, password } = url;
  return {
    endpoint: {
      kind: 'tcp',
      tls: protocol === 'https:',
      host: hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? port : Number(url.port),
    },
    shown: `${protocol}//${host}`,
    ...(username === ''
      ? {}
      : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` }),
  };
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function present<T extends object>(entries: T): Present<T> {
  return Object.fromEntries(
    Object.entries(entries).filter(([, value]) => value !== undefined),
  ) as Present<T>;
}
