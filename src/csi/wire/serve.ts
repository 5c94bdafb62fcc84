import type { DescMethod, Message } from '@bufbuild/protobuf';
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Logger } from '../../observe/log.js';
import { type CallContext, encodeOutput, type Implementation } from './adapter.js';
import { CallLog } from './call.js';
import { NotImplemented } from './status.js';
import type { CallsUnderWay } from './underway.js';

type Untyped = (input: unknown, context: CallContext) => unknown;
type Handle = (...call: unknown[]) => Promise<void>;

const notImplemented: Untyped = () => {
  throw new NotImplemented();
};

/** Turns a service's handlers into what grpc-js calls, each wrapped in its log entry and its error mapping, and counted. */
export function wrap(
  { service, handlers }: Implementation,
  log: Logger,
  calls: CallsUnderWay,
): UntypedServiceImplementation {
  return Object.fromEntries(
    service.methods.map((method) => {
      const handler = handlers.get(method) as Untyped | undefined;
      const handle = wrapMethod(method, handler ?? notImplemented, log) as Handle;
      return [method.name, (...call: unknown[]) => calls.add(handle(...call))];
    }),
  );
}

function wrapMethod(method: DescMethod, handler: Untyped, log: Logger) {
  switch (method.methodKind) {
    case 'unary':
      return unary(method, handler, log);
    case 'server_streaming':
      return serverStream(method, handler, log);
    default:
      return bidiStream(method, handler, log);
  }
}

function unary(
  method: DescMethod,
  handler: Untyped,
  log: Logger,
): handleUnaryCall<Message, Buffer> {
  return async (call, callback) => {
    const entry = new CallLog(log, method, call.metadata);
    try {
      entry.request(call.request);
      const result = await handler(call.request, contextOf(call, entry));
      const output = encodeOutput(method, result);
      entry.succeeded();
      callback(null, output);
    } catch (error) {
      callback(entry.failed(error));
    }
  };
}

function serverStream(
  method: DescMethod,
  handler: Untyped,
  log: Logger,
): handleServerStreamingCall<Message, Buffer> {
  return async (call) => {
    const entry = new CallLog(log, method, call.metadata);
    try {
      entry.request(call.request);
      const context = contextOf(call, entry);
      await pump(method, handler(call.request, context), call, context);
      entry.succeeded();
      call.end();
    } catch (error) {
      call.emit('error', entry.failed(error));
    }
  };
}

function bidiStream(
  method: DescMethod,
  handler: Untyped,
  log: Logger,
): handleBidiStreamingCall<Message, Buffer> {
  return async (call) => {
    const entry = new CallLog(log, method, call.metadata);
    try {
      const context = contextOf(call, entry);
      await pump(method, handler(call, context), call, context);
      entry.succeeded();
      call.end();
    } catch (error) {
      call.emit('error', entry.failed(error));
    }
  };
}

interface Cancellable {
  on(event: 'cancelled', listener: () => void): unknown;
}

function contextOf(call: Cancellable, entry: CallLog): CallContext {
  const gone = new AbortController();
  call.on('cancelled', () => {
    entry.callerLeft();
    gone.abort();
  });
  return { requestId: entry.requestId, signal: gone.signal };
}

interface Sink {
  write(message: Buffer): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

async function pump(
  method: DescMethod,
  results: unknown,
  sink: Sink,
  context: CallContext,
): Promise<void> {
  for await (const result of results as AsyncIterable<unknown>) {
    if (context.signal.aborted) return;
    if (!sink.write(encodeOutput(method, result)))
      await new Promise<void>((resolve) => {
        sink.once('drain', resolve);
        context.signal.addEventListener('abort', () => resolve());
      });
  }
}
