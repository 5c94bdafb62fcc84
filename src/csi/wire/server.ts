import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import type { Logger } from '../../observe/log.js';
import { type Implementation, serviceDefinition } from './adapter.js';
import { grpcAddress, parseEndpoint } from './endpoint.js';
import { wrap } from './serve.js';
import { claimSocket } from './socket.js';

/** Larger than any request that CSI allows. */
const MESSAGE_MAX_BYTES = 16 << 20;

// grpc-js would write lines of its own among our JSON; what it says comes back as errors too.
if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);

export interface RunningServer {
  /** Lets the calls in flight finish for at most `graceMs`, then ends them, and removes the socket. */
  close(graceMs: number): Promise<void>;
}

/** Listens on an endpoint with these services. Fails where something else listens there. */
export async function serve(
  endpointText: string,
  implementations: readonly Implementation[],
  log: Logger,
): Promise<RunningServer> {
  const endpoint = parseEndpoint(endpointText);
  const server = new Server({
    'grpc.max_receive_message_length': MESSAGE_MAX_BYTES,
    'grpc.max_send_message_length': -1,
  });
  for (const implementation of implementations)
    server.addService(serviceDefinition(implementation.service), wrap(implementation, log));
  const claim = endpoint.kind === 'unix' ? await claimSocket(endpoint.path) : undefined;
  try {
    await bind(server, grpcAddress(endpoint));
    await claim?.listening();
  } catch (error) {
    server.forceShutdown();
    claim?.release();
    throw error;
  }
  return {
    async close(graceMs) {
      await drain(server, graceMs);
      claim?.release();
    },
  };
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
      error === null
        ? resolve(port)
        : reject(new Error(`cannot listen on ${address}: ${error.message}`, { cause: error })),
    );
  });
}

function drain(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
