import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type { ConsulAccess } from '../../src/config/settings.js';

/** What a stand-in does with a request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** For what a real Consul does not do when asked: errors, silence, answers that are cut short. */
export class StandIn {
  /** Method and URL of each request, in the order in which they came. */
  readonly requests: string[] = [];
  port = 0;
  readonly tokens: Array<string | undefined> = [];
  readonly #server = createServer((request, response) => {
    this.requests.push(`${request.method} ${request.url}`);
    this.tokens.push(request.headers['x-consul-token'] as string | undefined);
    this.answer(request, response);
  });

  constructor(public answer: Answer) {}

  async listen(where: string | { readonly host: string } = { host: '127.0.0.1' }): Promise<void> {
    const listening = Promise.withResolvers<void>();
    if (typeof where === 'string') this.#server.listen(where, listening.resolve);
    else this.#server.listen(0, where.host, listening.resolve);
    await listening.promise;
    this.port = (this.#server.address() as Partial<AddressInfo>).port ?? 0;
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

export async function standIn(answer: Answer): Promise<StandIn> {
  const server = new StandIn(answer);
  await server.listen();
  t.teardown(() => server.close());
  return server;
}

/** Answers with a text, as Consul tells of errors. */
export function says(status: number, text: string): Answer {
  return (_, response) => response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
}

/** How an agent at an address is reached, with nothing else. */
export function accessTo(address: string, more: Partial<ConsulAccess> = {}): ConsulAccess {
  return {
    address,
    token: undefined,
    tokenFile: undefined,
    datacenter: undefined,
    namespace: undefined,
    caFile: undefined,
    certFile: undefined,
    keyFile: undefined,
    tlsServerName: undefined,
    ...more,
  };
}
