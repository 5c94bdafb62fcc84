import { MesosError } from './errors.js';
import type { MesosAddress } from './settings.js';

/** Node's and OpenSSL's words for what kept a call from being answered. */
const REASONS: ReadonlyArray<{
  readonly codes: readonly string[];
  readonly reason: string;
  readonly remedy: (who: 'agent' | 'master') => string;
}> = [
  {
    codes: ['ECONNREFUSED'],
    reason: 'nothing listens there',
    remedy: (who) => `Start the ${who}, or name another with -${who}.`,
  },
  {
    codes: ['ENOTFOUND', 'EAI_AGAIN'],
    reason: 'there is no host of that name',
    remedy: (who) => `Correct -${who}.`,
  },
  {
    codes: ['ECONNRESET', 'EPIPE'],
    reason: 'it closed the connection without an answer',
    remedy: (who) => `See that the ${who} runs, and whether it speaks TLS (https://).`,
  },
  {
    codes: [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    reason: 'its certificate is signed by an authority that is not trusted here',
    remedy: () => 'Name the authority with -mesos-ca-cert or PANNIER_MESOS_CA_CERT.',
  },
  {
    codes: ['ERR_TLS_CERT_ALTNAME_INVALID'],
    reason: 'its certificate is for another name',
    remedy: (who) => `Name it in -${who} as its certificate does.`,
  },
];

/** The error for a call that found no master or agent. */
export function unreachable(
  name: string,
  who: 'agent' | 'master',
  address: MesosAddress,
  error: Error,
): MesosError {
  const { code = '' } = error as NodeJS.ErrnoException;
  const known = REASONS.find(({ codes }) => codes.includes(code));
  const reason = known?.reason ?? (error.message || code);
  const noTls = address.tls && /wrong version|packet length/i.test(error.message);
  return new MesosError(`${name} does not answer: ${noTls ? 'it does not speak TLS' : reason}`, {
    code: 'UNREACHABLE',
    remedy: noTls
      ? `Write http:// in -${who}.`
      : (known?.remedy(who) ?? `See that the ${who} can be reached.`),
    cause: error,
  });
}
