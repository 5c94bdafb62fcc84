import {
  create,
  type DescMethod,
  type DescService,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { methodDefinition } from './adapter.js';
import { grpcAddress, parseEndpoint } from './endpoint.js';

/** What a plugin answered that was not OK, or that none answered. */
export class CallError extends Error {
  override readonly name = 'CallError';

  constructor(
    readonly rpc: string,
    /** The gRPC status's name, such as "NOT_FOUND". */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

type Unary<M extends DescMethod> = (
  request: MessageInitShape<M['input']>,
) => Promise<MessageShape<M['output']>>;

/** A service's unary methods, as functions. */
export type ServiceClient<S extends DescService> = {
  [K in keyof S['method'] as S['method'][K] extends { methodKind: 'unary' } ? K : never]: Unary<
    S['method'][K]
  >;
};

export interface Connection {
  service<S extends DescService>(service: S): ServiceClient<S>;
  close(): void;
}

export interface ConnectOptions {
  /** How long a call may take, in milliseconds. */
  readonly limitMs?: number;
}

const DEFAULT_LIMIT_MS = 120_000;

/** Opens a connection to a plugin; nothing is dialled before the first call. Fails with a CallError per call. */
export function connect(
  endpoint: string,
  { limitMs = DEFAULT_LIMIT_MS }: ConnectOptions = {},
): Connection {
  const client = new Client(grpcAddress(parseEndpoint(endpoint)), credentials.createInsecure(), {
    'grpc.default_authority': 'localhost',
    'grpc.max_receive_message_length': -1,
    'grpc.enable_retries': 0,
  });
  return {
    service: (service) => clientOf(client, service, limitMs),
    close: () => client.close(),
  };
}

function clientOf<S extends DescService>(client: Client, service: S, limitMs: number) {
  return Object.fromEntries(
    service.methods
      .filter((method) => method.methodKind === 'unary')
      .map((method) => [
        method.localName,
        (request: Record<string, unknown>) => call(client, method, request, limitMs),
      ]),
  ) as unknown as ServiceClient<S>;
}

function call(
  client: Client,
  method: DescMethod,
  request: Record<string, unknown>,
  limitMs: number,
): Promise<Message> {
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      create(method.input, request as MessageInitShape<typeof method.input>),
      new Metadata(),
      { deadline: Date.now() + limitMs },
      (error: ServiceError | null, response?: Message) => {
        if (response !== undefined && error === null) resolve(response);
        else
          reject(
            new CallError(
              method.name,
              status[error?.code ?? status.UNKNOWN] ?? 'UNKNOWN',
              error?.details ?? 'no answer',
            ),
          );
      },
    );
  });
}
