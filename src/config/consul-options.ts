import { parseDuration } from './duration.js';
import type { Option } from './options.js';
import { absolute, anything, endpoint, serviceName, time } from './problems.js';

/** Consul takes no shorter one. */
const DEREGISTER_AFTER_MIN_MS = 60_000;

/** The name that commands ask for where `consul://` names none. */
export const DEFAULT_SERVICE = 'pannier';

/** How Consul is reached and what it is told, in the `consul { … }` block. The variables are Consul's own where it has one. */
export const CONSUL_OPTIONS = {
  address: {
    key: 'address',
    env: 'CONSUL_HTTP_ADDR',
    value: 'address',
    description:
      'The Consul agent of this machine: host:port, http://host:port, https://host:port or unix:///path/to.sock.',
    fallback: '127.0.0.1:8500',
    problem: (value) =>
      /^unix:\/\/\/[^\0]+$/.test(value) ||
      /^(https?:\/\/)?(\[[\da-fA-F:]+\]|[^\s:/[\]]+)(:\d{1,5})?\/?$/.test(value)
        ? undefined
        : 'expected host:port, http://host:port, https://host:port or unix:///path/to.sock',
  },
  token: {
    key: 'token',
    secret: true,
    env: 'CONSUL_HTTP_TOKEN',
    value: 'token',
    description: 'The ACL token. Better: token_file.',
    problem: (value) =>
      /^[\x21-\x7e]+$/.test(value) ? undefined : 'expected a token, without spaces',
  },
  tokenFile: {
    key: 'token_file',
    env: 'CONSUL_HTTP_TOKEN_FILE',
    value: 'path',
    description:
      'A file that holds the ACL token. It is read anew for every request, so that it may change.',
    problem: absolute,
  },
  datacenter: {
    key: 'datacenter',
    env: 'PANNIER_CONSUL_DATACENTER',
    value: 'name',
    description: "Where services and keys are looked up. Default: the agent's own.",
    problem: anything,
  },
  namespace: {
    key: 'namespace',
    env: 'CONSUL_NAMESPACE',
    value: 'name',
    description: 'The namespace in Consul Enterprise.',
    problem: anything,
  },
  caFile: {
    key: 'ca_file',
    env: 'CONSUL_CACERT',
    value: 'path',
    description: "The CA certificate of Consul's agents, in PEM.",
    problem: absolute,
  },
  certFile: {
    key: 'cert_file',
    env: 'CONSUL_CLIENT_CERT',
    value: 'path',
    description: 'The certificate that Consul is shown, in PEM.',
    problem: absolute,
  },
  keyFile: {
    key: 'key_file',
    env: 'CONSUL_CLIENT_KEY',
    value: 'path',
    description: "The certificate's private key, in PEM.",
    problem: absolute,
  },
  tlsServerName: {
    key: 'tls_server_name',
    env: 'CONSUL_TLS_SERVER_NAME',
    value: 'name',
    description: 'The name in the certificate of the agent, such as server.dc1.consul.',
    problem: anything,
  },
  service: {
    key: 'service',
    env: 'PANNIER_CONSUL_SERVICE',
    value: 'name',
    description: `Register the plugin as this service. \`${DEFAULT_SERVICE}\` is the one that commands ask for. Without it nothing is registered.`,
    problem: serviceName,
  },
  tags: {
    key: 'tags',
    env: 'PANNIER_CONSUL_TAGS',
    value: 'words',
    description: 'Tags of the service beside controller and node, separated by commas.',
    problem: anything,
  },
  advertise: {
    key: 'advertise',
    env: 'PANNIER_CONSUL_ADVERTISE',
    value: 'address',
    description:
      'The address at which others reach the endpoint, where it is another one to them than to the plugin: in a container, for one.',
    problem: endpoint,
  },
  deregisterAfter: {
    key: 'deregister_after',
    env: 'PANNIER_CONSUL_DEREGISTER_AFTER',
    value: 'time',
    description: 'When Consul takes a plugin off its list that ended without a word. At least 1m.',
    fallback: '10m',
    problem: (value) =>
      time(value) ??
      ((parseDuration(value) ?? 0) < DEREGISTER_AFTER_MIN_MS ? 'expected at least 1m' : undefined),
  },
} as const satisfies Record<string, Option>;

export type ConsulOptionName = keyof typeof CONSUL_OPTIONS;

/** The flag that sets such an option on the command line. */
export function consulFlag(key: string): string {
  return `consul-${key.replaceAll('_', '-')}`;
}
