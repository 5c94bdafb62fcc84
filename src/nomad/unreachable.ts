import { NomadError } from './errors.js';
import { DEFAULT_ADDRESS, type NomadSettings } from './settings.js';

/** Who says nothing of Nomad may not mean it. */
const WITHOUT_NOMAD =
  'A plugin without Nomad is named by -endpoint or PANNIER_ENDPOINT; `pannier dev` starts one to try.';
const NAME_ANOTHER = 'or name another with -address or NOMAD_ADDR.';

/** The error for a call that was sent, and not answered within its limit in milliseconds. */
export function noAnswer(settings: NomadSettings, request: string, limitMs: number): NomadError {
  return new NomadError(
    `Nomad at ${settings.address} did not answer ${request} within ${limitMs / 1000} s`,
    {
      code: 'DEADLINE_EXCEEDED',
      remedy:
        'See how its servers are with `nomad server members`. What was asked for may have been done all the same; the command can be repeated.',
      request,
    },
  );
}

/** The error for a call that found no Nomad. */
export function unreachable(settings: NomadSettings, request: string, cause: Error): NomadError {
  const { reason, remedy } = explain(settings, cause);
  return new NomadError(`no Nomad answers at ${settings.address}: ${reason}`, {
    code: 'UNREACHABLE',
    remedy,
    request,
    cause,
  });
}

interface Explanation {
  readonly reason: string;
  readonly remedy: string;
}

const CERTIFICATES: Readonly<Record<string, Explanation>> = {
  CERT_HAS_EXPIRED: {
    reason: 'its certificate has expired',
    remedy: 'Renew the certificate of the agent.',
  },
  CERT_NOT_YET_VALID: {
    reason: 'its certificate is not valid yet',
    remedy: 'Set the clock of this machine, or of the one that signed it.',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    reason: 'its certificate is for another name',
    remedy:
      'Say which name it has with -tls-server-name or NOMAD_TLS_SERVER_NAME, such as server.global.nomad.',
  },
};

const UNTRUSTED: Explanation = {
  reason: 'its certificate is signed by an authority that is not trusted here',
  remedy: 'Name the authority with -ca-cert or NOMAD_CACERT.',
};

/** OpenSSL's codes for a certificate whose signer is not known. */
const UNTRUSTED_CODES = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

function explain(settings: NomadSettings, error: Error): Explanation {
  const { code = '' } = error as NodeJS.ErrnoException;
  const { endpoint, tls } = settings;
  if (UNTRUSTED_CODES.includes(code)) return UNTRUSTED;
  const certificate = CERTIFICATES[code];
  if (certificate !== undefined) return certificate;
  if (/ALERT|BAD_CERTIFICATE/.test(code))
    return tls.clientCert === undefined
      ? {
          reason: 'it asks for a certificate of the client',
          remedy:
            'Give one with -client-cert and -client-key, or NOMAD_CLIENT_CERT and NOMAD_CLIENT_KEY.',
        }
      : {
          reason: "it does not accept the client's certificate",
          remedy: `Correct -client-cert or NOMAD_CLIENT_CERT: ${tls.clientCert} must be signed by the agent's own authority.`,
        };
  if (/SSL|EPROTO/.test(code) && /wrong version|packet length|http request/i.test(error.message))
    return { reason: 'it does not speak TLS', remedy: 'Write http:// in -address or NOMAD_ADDR.' };
  const explanation =
    endpoint.kind === 'unix' ? explainSocket(code, error) : explainHost(code, error);
  return settings.address === DEFAULT_ADDRESS
    ? { ...explanation, remedy: `${explanation.remedy} ${WITHOUT_NOMAD}` }
    : explanation;
}

function explainSocket(code: string, error: Error): Explanation {
  switch (code) {
    case 'ENOENT':
      return { reason: 'there is no such socket', remedy: `Start the agent, ${NAME_ANOTHER}` };
    case 'EACCES':
      return {
        reason: 'this user may not use the socket',
        remedy: `Let this user write to it, ${NAME_ANOTHER}`,
      };
    default:
      return explainHost(code, error);
  }
}

function explainHost(code: string, error: Error): Explanation {
  switch (code) {
    case 'ECONNREFUSED':
      return { reason: 'nothing listens there', remedy: `Start the agent, ${NAME_ANOTHER}` };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        reason: 'there is no host of that name',
        remedy: `Correct the name, ${NAME_ANOTHER}`,
      };
    case 'ECONNRESET':
    case 'EPIPE':
      return {
        reason: 'it closed the connection without an answer',
        remedy: `See that the agent runs, and whether it speaks TLS (https://), ${NAME_ANOTHER}`,
      };
    default:
      return {
        reason: error.message || code,
        remedy: `See that the agent can be reached, ${NAME_ANOTHER}`,
      };
  }
}
