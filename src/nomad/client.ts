import { Agent, type RequestOptions } from 'node:http';
import { exchange, type Received, TooLate } from '../http/exchange.js';
import { nomadJson } from '../spec/nomad.js';
import { badSetting, NomadError } from './errors.js';
import { parseExactly } from './json.js';
import { refused } from './refused.js';
import type { NomadSettings } from './settings.js';
import { noAnswer, unreachable } from './unreachable.js';

/** How long an answer is waited for, in milliseconds. */
export interface Limits {
  /** Of what Nomad knows itself. */
  readonly ownMs: number;
  /** Of what a plugin has to do first: Nomad gives it two minutes, and lets one wait for another. */
  readonly pluginMs: number;
}

const LIMITS: Limits = { ownMs: 30_000, pluginMs: 300_000 };

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface CallOptions {
  readonly query?: Query;
  /** Another one than the client's; "*" is all that the token may see. */
  readonly namespace?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** What a token must have for it, in words: `the capability "csi-read-volume"`. */
  readonly needs: string;
  /** A plugin has to do something first. */
  readonly byPlugin?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions {
  /** Any server may answer, and not only the leader: what it answers may be old. */
  readonly stale?: boolean;
  /** Another one than the client's; "*" is all that the token may see. */
  readonly namespace?: string | undefined;
  /** A blocking query: answers once something has another index than this, or the wait is over. */
  readonly after?: { readonly index: number; readonly waitMs: number };
  readonly signal?: AbortSignal;
}

/** What was read, and what Nomad says of it. */
export interface Answer<T> {
  readonly document: T;
  /** For a blocking query; 0 where Nomad does not tell. */
  readonly index: number;
  /** For the next page; undefined behind the last one. */
  readonly nextToken: string | undefined;
  /** How long ago the server that answered heard of the leader, in milliseconds. */
  readonly lastContactMs: number;
}

type Method = 'GET' | 'PUT' | 'DELETE';

const TLS_SOURCES = {
  caCert: '-ca-cert or NOMAD_CACERT',
  caPath: '-ca-path or NOMAD_CAPATH',
  clientCert: '-client-cert or NOMAD_CLIENT_CERT',
  clientKey: '-client-key or NOMAD_CLIENT_KEY',
};

/**
 * Nomad's HTTP interface. Every call has a limit, and fails with NomadError alone. Connections are kept open until
 * the client is closed.
 */
export class NomadClient implements Disposable {
  #target: Promise<RequestOptions> | undefined;
  #agent: Agent | undefined;

  constructor(
    readonly settings: NomadSettings,
    readonly limits = LIMITS,
  ) {}

  /** Reads a document of Nomad's. */
  async read<T>(path: string, call: CallOptions & ReadOptions): Promise<Answer<T>> {
    const { after, stale } = call;
    const query = {
      ...call.query,
      ...(stale === true ? { stale: '' } : {}),
      ...(after === undefined ? {} : { index: after.index, wait: `${after.waitMs}ms` }),
    };
    // Nomad adds up to a sixteenth, so that not all wake at once.
    const wait = after === undefined ? 0 : Math.ceil((after.waitMs * 17) / 16);
    const { headers, text, status } = await this.#call('GET', path, { ...call, query }, wait);
    const number = (name: string) => Number(headers[name] ?? 0);
    return {
      document: this.#parse(`GET ${path}`, status, text) as T,
      index: number('x-nomad-index'),
      nextToken: String(headers['x-nomad-nexttoken'] ?? '') || undefined,
      lastContactMs: number('x-nomad-lastcontact'),
    };
  }

  /** The same, or undefined where Nomad has no such document. */
  async find<T>(path: string, call: CallOptions & ReadOptions): Promise<Answer<T> | undefined> {
    try {
      return await this.read<T>(path, call);
    } catch (error) {
      if (error instanceof NomadError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Changes something. The answer is undefined where the body is empty, as old versions have it. */
  async write(
    method: Exclude<Method, 'GET'>,
    path: string,
    call: CallOptions & { readonly body?: unknown },
  ): Promise<unknown> {
    const { text, status } = await this.#call(method, path, call, 0);
    return text.trim() === '' ? undefined : this.#parse(`${method} ${path}`, status, text);
  }

  /** Lets go of the connections. */
  [Symbol.dispose](): void {
    this.#agent?.destroy();
  }

  async #call(
    method: Method,
    path: string,
    call: CallOptions & { readonly body?: unknown },
    waitMs: number,
  ): Promise<Received> {
    const { ownMs, pluginMs } = this.limits;
    const limitMs = waitMs + (call.byPlugin === true ? pluginMs : ownMs);
    const options: RequestOptions = {
      ...(await this.#reach()),
      method,
      path: `${path}${this.#query(call)}`,
    };
    const name = `${method} ${path}`;
    const text = call.body === undefined ? '' : nomadJson(call.body);
    const received = await exchange(
      { ...options, headers: { ...this.#headers(), ...call.headers } },
      text,
      limitMs,
      call.signal,
    ).catch((error: unknown) => {
      call.signal?.throwIfAborted();
      throw error instanceof TooLate
        ? noAnswer(this.settings, name, limitMs)
        : unreachable(this.settings, name, error as Error);
    });
    const { status } = received;
    if (status < 200 || status >= 300)
      throw refused(this.settings, {
        request: name,
        status,
        body: received.text,
        needs: call.needs,
        namespace: call.namespace ?? this.settings.namespace ?? 'default',
      });
    return received;
  }

  #query({ query = {}, namespace = this.settings.namespace }: CallOptions): string {
    const given = Object.entries({ ...query, region: this.settings.region, namespace });
    const words = new URLSearchParams();
    for (const [key, value] of given) if (value !== undefined) words.set(key, String(value));
    return words.size === 0 ? '' : `?${words}`;
  }

  #headers(): Record<string, string> {
    const { token, auth } = this.settings;
    return {
      ...(token === undefined ? {} : { 'X-Nomad-Token': token }),
      ...(auth === undefined
        ? {}
        : { Authorization: `Basic ${Buffer.from(auth).toString('base64')}` }),
    };
  }

  #reach(): Promise<RequestOptions> {
    this.#target ??= this.#open();
    return this.#target;
  }

  async #open(): Promise<RequestOptions> {
    const { endpoint, tls } = this.settings;
    if (endpoint.kind === 'tcp' && endpoint.tls) {
      const [https, { tlsOptions }] = await Promise.all([
        import('node:https'),
        import('../http/tls.js'),
      ]);
      const options = await tlsOptions(tls, TLS_SOURCES, badSetting);
      const agent = new https.Agent({ keepAlive: true, ...(options as object) });
      this.#agent = agent;
      const { host, port } = endpoint;
      return { host, port, agent, protocol: 'https:' };
    }
    const agent = new Agent({ keepAlive: true });
    this.#agent = agent;
    return endpoint.kind === 'unix'
      ? { socketPath: endpoint.path, agent }
      : { host: endpoint.host, port: endpoint.port, agent };
  }

  #parse(request: string, status: number, text: string): unknown {
    try {
      return parseExactly(text);
    } catch (cause) {
      throw new NomadError(
        `what answers at ${this.settings.address} does not speak as Nomad does`,
        {
          code: 'UNREACHABLE',
          remedy: 'Correct -address or NOMAD_ADDR.',
          request,
          status,
          cause,
        },
      );
    }
  }
}
