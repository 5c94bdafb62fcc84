import { Agent, type RequestOptions } from 'node:http';
import { exchange, type Received, TooLate } from '../http/exchange.js';
import { tlsOptions } from '../http/tls.js';
import { readCredential } from './credential.js';
import { badSetting, MesosError } from './errors.js';
import { addressOf, type MesosAddress, type MesosSettings } from './settings.js';
import { unreachable } from './unreachable.js';

/** How long an answer is waited for, in milliseconds: all that is asked is known to who is asked. */
const LIMIT_MS = 30_000;

/** A master answers so that does not lead, with the address of the one that does. */
const REDIRECT = 307;

const TLS_SOURCES = {
  caCert: '-mesos-ca-cert or PANNIER_MESOS_CA_CERT',
  clientCert: '-mesos-client-cert or PANNIER_MESOS_CLIENT_CERT',
  clientKey: '-mesos-client-key or PANNIER_MESOS_CLIENT_KEY',
};

type Call = { readonly type: string } & Readonly<Record<string, unknown>>;

/**
 * The v1 operator API of one master or agent. Every call has a limit, and fails with MesosError alone. Connections
 * are kept open until the client is closed.
 */
export class MesosClient implements Disposable {
  #target: Promise<RequestOptions> | undefined;
  #agent: Agent | undefined;

  constructor(
    readonly address: MesosAddress,
    readonly who: 'agent' | 'master',
    private readonly access: Pick<MesosSettings, 'credential' | 'tls'>,
    private readonly limitMs = LIMIT_MS,
  ) {}

  /** Asks, and answers the part of the answer that is named as the call is. */
  async ask<T extends object>(call: Call): Promise<Partial<T>> {
    const { text } = await this.#send(call);
    const part = call.type.toLowerCase();
    try {
      return ((JSON.parse(text) as Record<string, Partial<T>>)[part] ?? {}) as Partial<T>;
    } catch (cause) {
      throw this.#stranger(cause);
    }
  }

  /** Has something done, of which nothing is answered. */
  async order(call: Call): Promise<void> {
    await this.#send(call);
  }

  /** Lets go of the connections. */
  [Symbol.dispose](): void {
    this.#agent?.destroy();
  }

  async #send(call: Call): Promise<Received> {
    const received = await this.#exchange(call);
    if (received.status === REDIRECT && this.who === 'master') return this.#follow(received, call);
    if (received.status < 200 || received.status >= 300) throw this.#refused(call, received);
    return received;
  }

  async #follow({ headers }: Received, call: Call): Promise<Received> {
    // "//host:port": the scheme is the one that was asked with.
    const url = URL.parse(headers.location ?? '', this.address.text);
    if (url === null) throw this.#stranger(undefined);
    const leader = addressOf(this.address.tls, url.hostname, Number(url.port));
    using other = new MesosClient(leader, this.who, this.access, this.limitMs);
    const received = await other.#exchange(call);
    if (received.status >= 200 && received.status < 300) return received;
    throw other.#refused(call, received);
  }

  async #exchange(call: Call): Promise<Received> {
    this.#target ??= this.#open();
    const options = await this.#target;
    return exchange(options, JSON.stringify(call), this.limitMs).catch((error: unknown) => {
      throw error instanceof TooLate
        ? new MesosError(
            `${this.#name} did not answer ${call.type} within ${this.limitMs / 1000} s`,
            {
              code: 'DEADLINE_EXCEEDED',
              remedy: 'See its log; the command can be repeated.',
            },
          )
        : unreachable(this.#name, this.who, this.address, error as Error);
    });
  }

  get #name(): string {
    return `the ${this.who} at ${this.address.text}`;
  }

  async #open(): Promise<RequestOptions> {
    const { address, access } = this;
    const { host, port } = address;
    const auth =
      access.credential === undefined ? {} : { auth: await readCredential(access.credential) };
    const common = {
      ...{ host, port, method: 'POST', path: '/api/v1', ...auth },
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    };
    if (address.tls) {
      const https = await import('node:https');
      const tls = await tlsOptions(access.tls, TLS_SOURCES, badSetting);
      const agent = new https.Agent({ keepAlive: true, ...(tls as object) });
      this.#agent = agent;
      return { ...common, agent, protocol: 'https:' };
    }
    this.#agent = new Agent({ keepAlive: true });
    return { ...common, agent: this.#agent };
  }

  #refused({ type }: Call, { status, text }: Received): MesosError {
    const said = text.trim().replace(/\s+/g, ' ').slice(0, 300);
    const words = said === '' ? `HTTP status ${status}` : said;
    const refusal = (code: MesosError['code'], remedy: string) =>
      new MesosError(`${this.#name} refuses ${type}: ${words}`, { code, remedy, status });
    switch (status) {
      case 401:
        return refusal(
          'UNAUTHENTICATED',
          'Name a file with the principal and its secret with -credential or PANNIER_MESOS_CREDENTIAL.',
        );
      case 403:
        return refusal('PERMISSION_DENIED', 'The ACLs of Mesos must let the principal do so.');
      case 400:
        return refusal('INVALID_ARGUMENT', 'It may be another version of Mesos: 1.11 is spoken.');
      case 404:
        return refusal('NOT_FOUND', `See that -${this.who} names a ${this.who} of Mesos.`);
      case 503:
        return refusal(
          'UNAVAILABLE',
          'It is starting, or the cluster has no leading master; the command can be repeated.',
        );
      default:
        return refusal('INTERNAL', 'See its log.');
    }
  }

  #stranger(cause: unknown): MesosError {
    return new MesosError(`what answers at ${this.address.text} does not speak as Mesos does`, {
      code: 'UNREACHABLE',
      remedy: `Correct -${this.who}.`,
      cause,
    });
  }
}
