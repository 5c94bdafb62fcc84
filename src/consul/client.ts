import { lookup } from 'node:dns';
import { readFile } from 'node:fs/promises';
import Consul from 'consul';
import type { ConsulAccess } from '../config/settings.js';
import { ConsulError, consulError } from './errors.js';
import { type Following, follow } from './follow.js';

/** How long the agent of this machine may take to answer, in milliseconds. */
const LIMIT_MS = 5_000;

/** What the package takes with a request. */
export interface RequestOptions {
  readonly token?: string;
  readonly dc?: string;
  readonly timeout?: number;
}

/** One request through the package. */
export type Ask<T> = (consul: Consul, options: RequestOptions) => Promise<T>;

/** The Consul agent that the settings name. Nothing is opened before the first request. */
export class ConsulClient {
  #opened: Promise<Consul> | undefined;

  constructor(readonly access: ConsulAccess) {}

  /** Asks the agent of itself. Fails with ConsulError, after `limitMs` at the latest. */
  agent<T>(ask: Ask<T>, limitMs = LIMIT_MS): Promise<T> {
    return this.#ask(ask, { timeout: limitMs });
  }

  /** Asks for what the datacenter knows. Fails with ConsulError, after five seconds at the latest. */
  datacenter<T>(ask: Ask<T>): Promise<T> {
    return this.#ask(ask, { ...this.#place(), timeout: LIMIT_MS });
  }

  /** Asks the datacenter again and again, each time waiting until the answer is another one. */
  follow<T>(ask: Ask<T>, following: Following<T>): () => void {
    return follow<T>(
      (options) => this.#ask<unknown>(ask, { ...options, ...this.#place() }),
      following,
    );
  }

  /** Ends the requests that are under way. */
  async close(): Promise<void> {
    (await this.#opened?.catch(() => undefined))?.destroy();
  }

  #place(): RequestOptions {
    const { datacenter: dc } = this.access;
    return dc === undefined ? {} : { dc };
  }

  async #ask<T>(ask: Ask<T>, options: RequestOptions): Promise<T> {
    this.#opened ??= open(this.access);
    const { address } = this.access;
    try {
      const [consul, token] = await Promise.all([this.#opened, this.#token()]);
      return await ask(consul, token === undefined ? options : { ...options, token });
    } catch (error) {
      const failure = consulError(error, address);
      // The next request reads the certificates anew: they may have been renewed.
      if (failure.status === undefined) this.#opened = undefined;
      throw failure;
    }
  }

  async #token(): Promise<string | undefined> {
    const { token, tokenFile } = this.access;
    if (tokenFile === undefined) return token;
    return (await read(tokenFile, 'token')).toString().trim();
  }
}

async function open(access: ConsulAccess): Promise<Consul> {
  const { address, namespace, caFile, certFile, keyFile, tlsServerName: servername } = access;
  const socketPath = /^unix:\/\/(.+)$/.exec(address)?.[1];
  const base = socketPath === undefined ? address : 'http://localhost';
  const [ca, cert, key] = await Promise.all([
    caFile && read(caFile, 'CA certificate'),
    certFile && read(certFile, 'certificate'),
    keyFile && read(keyFile, 'key'),
  ]);
  const given = { socketPath, ca, cert, key, servername };
  const options = {
    baseUrl: `${base}/v1`,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(namespace === undefined ? {} : { headers: { 'x-consul-namespace': namespace } }),
    ...(base.includes('[') ? { lookup: withoutBrackets } : {}),
  };
  return new Consul(options as object);
}

/** The package leaves the brackets around an IPv6 address, and would look them up as a name. */
const withoutBrackets: typeof lookup = ((host: string, ...rest: unknown[]) =>
  Reflect.apply(lookup, undefined, [host.replace(/^\[|\]$/g, ''), ...rest])) as typeof lookup;

async function read(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const { message } = error as Error;
    throw new ConsulError(`cannot read the ${what} for Consul: ${message}`, undefined, {
      cause: error,
    });
  }
}
