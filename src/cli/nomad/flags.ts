import { DEFAULT_ADDRESS } from '../../nomad/settings.js';
import { GENERAL_OPTIONS, option, orVariable, toggle } from '../flags.js';

const general = (value: string, description: string, variable: string) =>
  option({
    value,
    helpGroup: GENERAL_OPTIONS,
    description: orVariable(description, variable),
  });

/** How Nomad is reached, in the words of its own commands. */
export const nomadFlags = {
  address: general(
    'addr',
    `The address of Nomad: http://host:4646, https://host:4646, or unix:// and the path of a socket. Without it, ${DEFAULT_ADDRESS}.`,
    'NOMAD_ADDR',
  ),
  region: general('region', "The region. Without it, the agent's own.", 'NOMAD_REGION'),
  namespace: general(
    'namespace',
    'The namespace. Without it, default; "*" is all of them, for what is only read.',
    'NOMAD_NAMESPACE',
  ),
  token: general(
    'token',
    'The secret of an ACL token. Other users of the machine may see a flag, and not a variable.',
    'NOMAD_TOKEN',
  ),
  'ca-cert': general(
    'path',
    "A file with the certificate of the authority that signed Nomad's, in PEM.",
    'NOMAD_CACERT',
  ),
  'ca-path': general('path', 'A folder of such files, where there is no -ca-cert.', 'NOMAD_CAPATH'),
  'client-cert': general(
    'path',
    'A file with a certificate to show to Nomad, in PEM.',
    'NOMAD_CLIENT_CERT',
  ),
  'client-key': general('path', 'A file with the key of -client-cert, in PEM.', 'NOMAD_CLIENT_KEY'),
  'tls-server-name': general(
    'name',
    "The name in Nomad's certificate, where that is not the host's.",
    'NOMAD_TLS_SERVER_NAME',
  ),
  'tls-skip-verify': toggle({
    helpGroup: GENERAL_OPTIONS,
    description: orVariable('Believe any certificate. Do not use it.', 'NOMAD_SKIP_VERIFY'),
  }),
};

/** For commands that read from Nomad. */
export const staleFlags = {
  stale: toggle({
    description:
      'Take the answer of any server of Nomad, also one that lost sight of the leader: it may be old.',
  }),
};

/** For commands about snapshots, of which Nomad knows none itself. */
export const pluginFlags = {
  plugin: option({
    value: 'id',
    description: 'Through Nomad: only this plugin, by its ID or the beginning of it.',
  }),
};

/** The flags, as they are given. */
export type GivenNomadFlags = {
  readonly [name in Exclude<keyof typeof nomadFlags, 'tls-skip-verify'>]: string | undefined;
} & { readonly 'tls-skip-verify': boolean };
