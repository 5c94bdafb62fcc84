import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import {
  create,
  type DescMethod,
  type DescService,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { ServiceClient } from '../csi/wire/client.js';
import type { Endpoint } from '../csi/wire/endpoint.js';

/** A status other than OK that a plugin answered. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';

  constructor(
    readonly rpc: string,
    /** The gRPC status's name, such as "NOT_FOUND". */
    readonly code: string,
    message: string,
    /** What to do about it, where the plugin tells it apart. */
    readonly remedy?: string,
  ) {
    super(message);
  }
}

/** No answer, because there is no connection; the cause says why. */
export class NotConnected extends Error {
  override readonly name = 'NotConnected';
}

export interface Connection {
  /** A service's unary methods. They fail with CallFailed or NotConnected. */
  service<S extends DescService>(service: S): ServiceClient<S>;
  close(): void;
}

// By their numbers, https://grpc.io/docs/guides/status-codes/
const STATUSES =
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'.split(
    ' ',
  );

/** Pannier's own trailer (src/csi/wire/status.ts, which would load grpc-js here). */
const REMEDY = 'pannier-remedy';

/** One byte that says whether the message is compressed, and four of its length. */
const PREFIX_BYTES = 5;

/**
 * A gRPC client for a command's few unary calls. It speaks HTTP/2 itself: a command would spend a fifth of its
 * time on the start of grpc-js's client, whose balancing and reconnecting it has no use for.
 */
export function connect(endpoint: Endpoint, limitMs: number): Connection {
  const session = connectHttp2('http://localhost', {
    createConnection: () =>
      endpoint.kind === 'unix'
        ? connectSocket(endpoint.path)
        : connectSocket(endpoint.port, endpoint.host.replace(/^\[|\]$/g, '')),
  });
  let failure: Error | undefined;
  session.on('error', (error) => {
    failure = error;
  });
  const call = (method: DescMethod, request: object) =>
    unary(session, method, request, limitMs).catch((error: Error) => {
      throw error instanceof CallFailed
        ? error
        : new NotConnected((failure ?? error).message, { cause: failure ?? error });
    });
  return {
    service<S extends DescService>(service: S) {
      const calls = service.methods
        .filter((method) => method.methodKind === 'unary')
        .map((method) => [method.localName, (request: object) => call(method, request)]);
      return Object.fromEntries(calls) as ServiceClient<S>;
    },
    close: () => session.destroy(),
  };
}

function unary(
  session: ClientHttp2Session,
  method: DescMethod,
  request: object,
  limitMs: number,
): Promise<Message> {
  const { promise, resolve, reject } = settleable<Message>();
  const stream = session.request({
    ':method': 'POST',
    ':path': `/${method.parent.typeName}/${method.name}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': `${limitMs}m`,
  });
  const timer = setTimeout(() => {
    reject(
      new CallFailed(
        method.name,
        'DEADLINE_EXCEEDED',
        `${method.name}: no answer in ${limitMs / 1000} s`,
      ),
    );
    stream.close(constants.NGHTTP2_CANCEL);
  }, limitMs);
  const chunks: Buffer[] = [];
  let status: Record<string, unknown> = {};
  stream.on('response', (headers) => {
    status = headers;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('trailers', (trailers) => {
    status = trailers;
  });
  stream.on('error', reject);
  stream.on('close', () => {
    clearTimeout(timer);
    try {
      resolve(answer(method, status, Buffer.concat(chunks)));
    } catch (error) {
      reject(error);
    }
  });
  stream.end(frame(method, request));
  return promise;
}

function answer(method: DescMethod, status: Record<string, unknown>, body: Buffer): Message {
  if (status['grpc-status'] === undefined)
    throw new Error(`the connection was closed before ${method.name} was answered`);
  const code = STATUSES[Number(status['grpc-status'])] ?? 'UNKNOWN';
  if (code !== 'OK') throw failed(method.name, code, status);
  if (body.length < PREFIX_BYTES || body[0] !== 0)
    throw new CallFailed(method.name, 'INTERNAL', `${method.name}: the answer is not understood`);
  return fromBinary(method.output, body.subarray(PREFIX_BYTES));
}

/** The failure, its message without the remedy where the plugin tells that on its own. */
function failed(rpc: string, code: string, status: Record<string, unknown>): CallFailed {
  const message = text(status['grpc-message']) || `${rpc}: ${code}`;
  const remedy = text(status[REMEDY]);
  const end = `. ${remedy}`;
  return remedy !== '' && message.endsWith(end)
    ? new CallFailed(rpc, code, message.slice(0, -end.length), remedy)
    : new CallFailed(rpc, code, message);
}

function frame(method: DescMethod, request: object): Buffer {
  const message = create(method.input, request as MessageInitShape<typeof method.input>);
  const bytes = toBinary(method.input, message);
  const framed = Buffer.alloc(PREFIX_BYTES + bytes.length);
  framed.writeUInt32BE(bytes.length, 1);
  framed.set(bytes, PREFIX_BYTES);
  return framed;
}

/** Percent-encoded, as grpc-message is; what is not is shown as it came. */
function text(message: unknown): string {
  const encoded = String(message ?? '');
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

function settleable<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
