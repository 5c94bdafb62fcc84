import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { NomadClient } from '../../src/nomad/client.js';
import { nomadSettings } from '../../src/nomad/settings.js';

export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text as it is, or a document. */
  readonly body?: unknown;
}

/** Answers a request; "hang" never does, and "reset" closes the connection. */
export type Answering = (asked: Asked) => Reply | 'hang' | 'reset';

export interface StandIn {
  readonly address: string;
  /** What was asked, in order. */
  readonly asked: Asked[];
  /** A client with short limits. */
  /** Its calls have `ownMs` to be answered. */
  client(env?: Readonly<Record<string, string>>, ownMs?: number): NomadClient;
}

/** An HTTP server in Nomad's place, for faults that a real one does not produce when it is told to. */
export async function standIn(t: Test, answer: Answering): Promise<StandIn> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const one = await read(request);
    asked.push(one);
    reply(response, answer(one));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    address,
    asked,
    client(env = {}, ownMs = 20_000) {
      const settings = nomadSettings({}, { NOMAD_ADDR: address, ...env });
      const client = new NomadClient(settings, { ownMs, pluginMs: 2 * ownMs });
      t.teardown(() => client[Symbol.dispose]());
      return client;
    },
  };
}

async function read(request: IncomingMessage): Promise<Asked> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString();
  const url = new URL(request.url ?? '/', 'http://localhost');
  return {
    method: request.method ?? '',
    path: decodeURIComponent(url.pathname),
    query: Object.fromEntries(url.searchParams),
    headers: request.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

function reply(response: ServerResponse, answer: Reply | 'hang' | 'reset'): void {
  if (answer === 'hang') return;
  if (answer === 'reset') {
    response.destroy();
    return;
  }
  const { status = 200, headers = {}, body = '' } = answer;
  response.writeHead(status, { ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
