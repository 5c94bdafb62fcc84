import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { VaultError } from './errors.js';
import type { VaultSettings } from './settings.js';

/** How long an answer is waited for, in milliseconds. */
const LIMIT_MS = 10_000;

/** More is no secret. */
const MAX_BYTES = 1 << 20;

/** A standby sends to the active server, which sends nowhere. */
const MAX_REDIRECTS = 2;

/** What Vault answered; `body` is undefined where that is no JSON. */
export interface VaultAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks Vault, and answers whatever it answers. Fails with VaultError, after ten seconds at the latest. */
export async function askVault(
  settings: VaultSettings,
  path: string,
  limitMs = LIMIT_MS,
): Promise<VaultAnswer> {
  const signal = AbortSignal.timeout(limitMs);
  const { origin } = settings.address;
  try {
    let url = new URL(`/v1/${path}`, settings.address);
    for (let redirects = 0; ; redirects++) {
      const answer = await exchange(settings, url, signal);
      const next = redirectOf(answer, url);
      if (next === undefined || redirects === MAX_REDIRECTS) return read(answer);
      url = next;
    }
  } catch (error) {
    if (error instanceof VaultError) throw error;
    const reason = signal.aborted
      ? `it did not answer within ${limitMs / 1000} s`
      : reasonOf(error as NodeJS.ErrnoException);
    throw new VaultError(
      `no Vault answers at ${origin}: ${reason}`,
      'VAULT_ADDR says where it is, and VAULT_CACERT who signed its certificate.',
      undefined,
      { cause: error },
    );
  }
}

interface Received {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** The token goes to no one who cannot be believed: never from TLS to plain text. */
function redirectOf({ status, location }: Received, from: URL): URL | undefined {
  if (![301, 302, 307, 308].includes(status) || location === undefined) return undefined;
  const next = URL.parse(location, from.href);
  return next?.protocol === from.protocol ? next : undefined;
}

function read({ status, text }: Received): VaultAnswer {
  try {
    return { status, body: JSON.parse(text) };
  } catch {
    return { status, body: undefined };
  }
}

function exchange(settings: VaultSettings, url: URL, signal: AbortSignal): Promise<Received> {
  const { promise, resolve, reject } = Promise.withResolvers<Received>();
  const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
  const sent = send(url, { ...tlsOptions(settings), headers: headersOf(settings), signal });
  sent.once('error', reject);
  sent.once('response', (response) => receive(response).then(resolve, reject));
  sent.end();
  return promise.finally(() => sent.destroy());
}

async function receive(response: IncomingMessage): Promise<Received> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_BYTES)
      throw new VaultError('Vault answered more than a megabyte', 'See what VAULT_ADDR names.');
    pieces.push(piece);
  }
  const { statusCode = 0, headers } = response;
  return { status: statusCode, location: headers.location, text: String(Buffer.concat(pieces)) };
}

function headersOf({ token, namespace }: VaultSettings): Record<string, string> {
  return {
    accept: 'application/json',
    'x-vault-request': 'true',
    ...(token === undefined ? {} : { 'x-vault-token': token }),
    ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
  };
}

function tlsOptions({ ca, cert, key, serverName, skipVerify }: VaultSettings) {
  const given = { ca, cert, key, servername: serverName };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    rejectUnauthorized: !skipVerify,
    // One command asks a few times, and should end then.
    agent: false,
  };
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no host of that name';
  return message || code || 'the connection failed';
}
