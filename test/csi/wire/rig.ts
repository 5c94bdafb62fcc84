import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type DescMethod, type Message } from '@bufbuild/protobuf';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import t from 'tap';
import { implement, methodDefinition } from '../../../src/csi/wire/adapter.js';
import { parseEndpoint } from '../../../src/csi/wire/endpoint.js';
import type { Logger } from '../../../src/observe/log.js';
import { Controller } from '../../../src/proto/csi/v1/csi_pb.js';

export interface Line {
  readonly level: string;
  readonly [key: string]: unknown;
}

/** A log that keeps its lines. */
export function recordingLog(): { log: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, message, ...fields });
  };
  return {
    lines,
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
  };
}

const folder = mkdtempSync(join(tmpdir(), 'pannier-wire-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
let sockets = 0;

/** A unix endpoint in a folder that does not exist yet. */
export function newEndpoint(): string {
  return `unix://${join(folder, `${++sockets}`, 'csi.sock')}`;
}

export function pathOf(endpoint: string): string {
  const parsed = parseEndpoint(endpoint);
  if (parsed.kind !== 'unix') throw new Error(`${endpoint} has no path`);
  return parsed.path;
}

/** grpc-js's own client, for what ours does not offer. */
export function rawClient(endpoint: string): Client {
  return new Client(`unix:${pathOf(endpoint)}`, credentials.createInsecure(), {
    'grpc.default_authority': 'localhost',
    'grpc.max_send_message_length': -1,
  });
}

/** What a stream brings until it ends, and the error that ended it. */
export function drainStream<T extends Message>(
  stream: NodeJS.EventEmitter,
): Promise<{ messages: T[]; error?: ServiceError }> {
  const messages: T[] = [];
  stream.on('data', (message: T) => messages.push(message));
  return new Promise((resolve) => {
    stream.once('end', () => resolve({ messages }));
    stream.once('error', (error: ServiceError) => resolve({ messages, error }));
  });
}

/** Something to wait for that a test opens. */
export function gate(): { opened: Promise<void>; open: () => void } {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  return { opened, open };
}

/** A controller whose DeleteVolume waits for the test, and tells how it went. */
export function waitingController() {
  const begun = gate();
  const callerLeft = gate();
  const release = gate();
  const ended = gate();
  const service = implement(Controller, {
    async deleteVolume(_, { signal }) {
      signal.addEventListener('abort', callerLeft.open);
      begun.open();
      await release.opened;
      ended.open();
      return {};
    },
  });
  return { service, begun, callerLeft, release, ended };
}

/** A unary call through grpc-js's own client. */
export function callRaw(
  endpoint: string,
  method: DescMethod,
  request: Record<string, unknown>,
  metadata = new Metadata(),
): { cancel: () => void; answer: Promise<ServiceError | null> } {
  const client = rawClient(endpoint);
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method);
  const { promise: answer, resolve } = Promise.withResolvers<ServiceError | null>();
  const message = create(method.input, request);
  const call = client.makeUnaryRequest(
    path,
    requestSerialize,
    responseDeserialize,
    message,
    metadata,
    (error) => {
      client.close();
      resolve(error);
    },
  );
  return { cancel: () => call.cancel(), answer };
}
