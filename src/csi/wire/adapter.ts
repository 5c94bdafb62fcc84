import {
  create,
  type DescMethod,
  type DescService,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** What a handler may want to know of its call besides the request. */
export interface CallContext {
  readonly requestId: string;
  /** Aborted when the caller has gone. What has begun goes on all the same: the next call finds it done. */
  readonly signal: AbortSignal;
}

type Handler<M extends DescMethod> = M extends { methodKind: 'unary' }
  ? (
      request: MessageShape<M['input']>,
      context: CallContext,
    ) => Promise<MessageInitShape<M['output']>>
  : M extends { methodKind: 'server_streaming' }
    ? (
        request: MessageShape<M['input']>,
        context: CallContext,
      ) => AsyncIterable<MessageInitShape<M['output']>>
    : (
        requests: AsyncIterable<MessageShape<M['input']>>,
        context: CallContext,
      ) => AsyncIterable<MessageInitShape<M['output']>>;

/** A service's methods, by their names in TypeScript; one that is absent answers UNIMPLEMENTED. */
export type Handlers<S extends DescService> = {
  [K in keyof S['method']]?: Handler<S['method'][K]>;
};

/** A service with its handlers, for `serve`. */
export interface Implementation {
  readonly service: DescService;
  readonly handlers: ReadonlyMap<DescMethod, (request: never, context: CallContext) => unknown>;
}

export function implement<S extends DescService>(
  service: S,
  handlers: Handlers<S>,
): Implementation {
  const map = new Map<DescMethod, (request: never, context: CallContext) => unknown>();
  for (const method of service.methods) {
    const handler = handlers[method.localName as keyof S['method']];
    if (handler !== undefined) map.set(method, handler);
  }
  return { service, handlers: map };
}

/** grpc-js's description of a method, from protobuf-es's. */
export function methodDefinition(method: DescMethod): MethodDefinition<Message, Message> {
  const { input, output, methodKind } = method;
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: methodKind === 'client_streaming' || methodKind === 'bidi_streaming',
    responseStream: methodKind === 'server_streaming' || methodKind === 'bidi_streaming',
    requestSerialize: (message) => Buffer.from(toBinary(input, message)),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: (message) => Buffer.from(toBinary(output, message)),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
  };
}

/**
 * grpc-js's description of a service, whose answers are bytes already: one that cannot be encoded then fails
 * inside the call, where it is logged and answered as any other error.
 */
export function serviceDefinition(service: DescService): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map((method) => [
      method.name,
      { ...methodDefinition(method), responseSerialize: (bytes: Buffer) => bytes },
    ]),
  );
}

/** The bytes of a complete answer from what a handler returned. */
export function encodeOutput(method: DescMethod, result: unknown): Buffer {
  const message = create(method.output, result as MessageInitShape<typeof method.output>);
  return Buffer.from(toBinary(method.output, message));
}
