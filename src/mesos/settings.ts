import type { TlsSettings } from '../http/tls.js';
import { badSetting } from './errors.js';

/** Where a master or an agent has its HTTP interface. */
export interface MesosAddress {
  /** As it was written, for messages: a scheme, a host and a port. */
  readonly text: string;
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
}

/** How Mesos is reached, and as whom. */
export interface MesosSettings {
  /** Agents that are named; none: those of the master, or the one of this machine. */
  readonly agents: readonly MesosAddress[];
  readonly master: MesosAddress | undefined;
  /** A file with the principal and its secret. */
  readonly credential: string | undefined;
  readonly tls: TlsSettings;
}

/** The flags, by their names. */
export interface MesosFlags {
  readonly agent: readonly string[];
  readonly master: string | undefined;
  readonly credential: string | undefined;
  readonly 'mesos-ca-cert': string | undefined;
  readonly 'mesos-client-cert': string | undefined;
  readonly 'mesos-client-key': string | undefined;
}

/** The variables that stand for flags that are not given. */
export const MESOS_VARIABLES = {
  agent: 'PANNIER_MESOS_AGENT',
  master: 'PANNIER_MESOS_MASTER',
  credential: 'PANNIER_MESOS_CREDENTIAL',
  'mesos-ca-cert': 'PANNIER_MESOS_CA_CERT',
  'mesos-client-cert': 'PANNIER_MESOS_CLIENT_CERT',
  'mesos-client-key': 'PANNIER_MESOS_CLIENT_KEY',
} as const satisfies Record<keyof MesosFlags, string>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads flags, and the variables where a flag is not given. Throws MesosError, CONFIG. */
export function mesosSettings(flags: MesosFlags, env: Environment): MesosSettings {
  const either = (flag: Exclude<keyof MesosFlags, 'agent'>) =>
    flags[flag] || env[MESOS_VARIABLES[flag]] || undefined;
  const fromEnv = (env[MESOS_VARIABLES.agent] ?? '').split(',').filter((word) => word !== '');
  const agents = flags.agent.length > 0 ? flags.agent : fromEnv;
  const master = either('master');
  const [caCert, clientCert, clientKey] = [
    either('mesos-ca-cert'),
    either('mesos-client-cert'),
    either('mesos-client-key'),
  ];
  if ((clientCert === undefined) !== (clientKey === undefined))
    throw badSetting(
      `a client's certificate needs its key, and ${clientKey === undefined ? 'no key' : 'only a key'} is given`,
      'Give both: -mesos-client-cert and -mesos-client-key.',
    );
  return {
    agents: agents.map((text) => readAddress(text, 'agent', 5051)),
    master: master === undefined ? undefined : readAddress(master, 'master', 5050),
    credential: either('credential'),
    tls: {
      ...(caCert === undefined ? {} : { caCert }),
      ...(clientCert === undefined ? {} : { clientCert }),
      ...(clientKey === undefined ? {} : { clientKey }),
      skipVerify: false,
    },
  };
}

const ADDRESS = /^(?:(https?):\/\/)?(\[[\da-f:.]+\]|[^\s/:@[\]]+)(?::(\d{1,5}))?\/?$/i;

/** Reads http://host:port, https://host:port or host:port. Throws MesosError, CONFIG. */
function readAddress(text: string, flag: 'agent' | 'master', defaultPort: number): MesosAddress {
  const [, scheme = 'http', host, port = defaultPort] = ADDRESS.exec(text) ?? [];
  if (host === undefined)
    throw badSetting(
      `"${text.replace(/\/\/[^/]*@/, '//')}" is no address of Mesos`,
      `Write http://host:${defaultPort} or https://host:${defaultPort}; from any master the leading one is found. It comes from -${flag} or ${MESOS_VARIABLES[flag]}.`,
    );
  return addressOf(scheme.toLowerCase() === 'https', host.replace(/^\[|\]$/g, ''), Number(port));
}

export function addressOf(tls: boolean, host: string, port: number): MesosAddress {
  const shown = host.includes(':') ? `[${host}]` : host;
  return { text: `${tls ? 'https' : 'http'}://${shown}:${port}`, tls, host, port };
}

/** The agent of this machine. */
export const THIS_AGENT: MesosAddress = addressOf(false, '127.0.0.1', 5051);
