import { NomadError, type NomadErrorCode } from './errors.js';
import type { NomadSettings } from './settings.js';

export interface Refusal {
  readonly request: string;
  readonly status: number;
  readonly body: string;
  /** What a token must have for the call, in words. */
  readonly needs: string;
  readonly namespace: string;
}

interface Known {
  /** What Nomad answers; a group is the name in it. */
  readonly says: RegExp;
  readonly code: NomadErrorCode;
  readonly remedy: string;
}

/** What Nomad's answers mean, where more can be said than they do. */
const KNOWN: readonly Known[] = [
  {
    says: /no cluster leader/i,
    code: 'UNAVAILABLE',
    remedy: 'Nomad has no leader now: see `nomad server members`; the command can be repeated.',
  },
  {
    says: /no path to region/i,
    code: 'INVALID_ARGUMENT',
    remedy: 'Correct -region or NOMAD_REGION.',
  },
  {
    says: /no CSI plugin named|no such plugin|plugin (?:.* )?not found/i,
    code: 'FAILED_PRECONDITION',
    remedy:
      'Run the job of the plugin, or correct plugin_id: `pannier plugin status` lists what there is.',
  },
  {
    says: /no healthy controllers|no controllers available/i,
    code: 'UNAVAILABLE',
    remedy:
      'The controller of the plugin does not run, or is not ready: see `pannier plugin status` and its allocations; the command can be repeated.',
  },
  {
    says: /volume (?:.* )?(?:is )?in use/i,
    code: 'FAILED_PRECONDITION',
    remedy: 'Stop the jobs that use it: `pannier volume status <ID>` shows the allocations.',
  },
  {
    says: /(?:max claims|exhausted its available)/i,
    code: 'FAILED_PRECONDITION',
    remedy: 'Stop the jobs that use it: `pannier volume status <ID>` shows the allocations.',
  },
  {
    says: /cannot be updated|can not update|not compatible with existing/i,
    code: 'FAILED_PRECONDITION',
    remedy:
      'This cannot change in a volume that exists: `pannier volume plan` shows what differs. Take it back in the specification, or give the volume another id.',
  },
  {
    says: /volume (?:.* )?could not be found/i,
    code: 'NOT_FOUND',
    remedy:
      'external_id names a volume that the plugin does not have: `pannier volume status -verbose` lists those that it has.',
  },
  {
    says: /not (?:support|implement)|unimplemented/i,
    code: 'UNIMPLEMENTED',
    remedy: 'The plugin, or this version of Nomad, does not offer it.',
  },
  {
    says: /plugin returned an internal error/i,
    code: 'INTERNAL',
    remedy: "The plugin's log has more: `nomad alloc logs -stderr` of an allocation of its job.",
  },
];

/** The error for a call that Nomad answered with another status than success. */
export function refused(settings: NomadSettings, refusal: Refusal): NomadError {
  const { request, status, body } = refusal;
  const text = oneLine(body);
  const answer = { request, status, body: text };
  // A task's own socket answers 401 where there is no token.
  if (status === 401 || status === 403 || /^(?:Permission denied|ACL token)/i.test(text))
    return denied(settings, refusal, text);
  if (/HTTP request to an HTTPS server/i.test(text))
    return new NomadError(`no Nomad answers at ${settings.address}: it speaks TLS`, {
      ...answer,
      code: 'UNREACHABLE',
      remedy: 'Write https:// in -address or NOMAD_ADDR.',
    });
  const known = KNOWN.find(({ says }) => says.test(text));
  return new NomadError(
    text === '' ? `Nomad answered ${status} to ${request}` : `Nomad answered: ${text}`,
    {
      ...answer,
      code: known?.code ?? codeOf(status),
      remedy: known?.remedy ?? remedyOf(status),
    },
  );
}

function denied(
  { token, address }: NomadSettings,
  { request, status, needs, namespace }: Refusal,
  text: string,
): NomadError {
  const answer = { request, status, body: text };
  if (/token (?:not found|expired)|expired/i.test(text))
    return new NomadError(
      `Nomad at ${address} does not know the token${/expired/i.test(text) ? ' any more: it has expired' : ''}`,
      { ...answer, code: 'UNAUTHENTICATED', remedy: 'Correct -token or NOMAD_TOKEN.' },
    );
  // Recent versions answer the same where they know no such token.
  const who =
    token === undefined
      ? 'nobody may do this without a token'
      : 'the token may not do this, or Nomad does not know it';
  return new NomadError(`${who}: ${request} in namespace "${namespace}"`, {
    ...answer,
    code: 'PERMISSION_DENIED',
    remedy: `It takes a token with ${needs}: give one in NOMAD_TOKEN.`,
  });
}

function codeOf(status: number): NomadErrorCode {
  if (status === 404) return 'NOT_FOUND';
  if (status === 429 || status === 503) return 'UNAVAILABLE';
  return status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL';
}

function remedyOf(status: number): string {
  if (status === 404) return 'It is not there, or this version of Nomad does not offer it.';
  if (status === 429 || status === 503) return 'Nomad is busy; the command can be repeated.';
  return status < 500
    ? 'Correct what was asked for.'
    : "The log of Nomad's servers has more; the command can be repeated.";
}

/** Nomad's list of errors on one line, without what every call between its parts puts before it. */
function oneLine(body: string): string {
  return body
    .replace(/\s+/g, ' ')
    .replace(/^\d+ errors? occurred: \* /, '')
    .replaceAll('rpc error: ', '')
    .replace(/ \* /g, '; ')
    .trim();
}
