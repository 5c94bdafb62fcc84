import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import type { Logger } from '../../observe/log.js';
import { type Implementation, serviceDefinition } from './adapter.js';
import { grpcAddress, parseEndpoint } from './endpoint.js';
import { wrap } from './serve.js';
import { claimSocket } from './socket.js';
import { CallsUnderWay } from './underway.js';

/** Larger than any request that CSI allows. */
const MESSAGE_MAX_BYTES = 16 << 20;
/** How long answers may take to reach their callers once no call is in work. A connection may stay open for ever. */
const FAREWELL_MS = 1000;

// grpc-js would write lines of its own among our JSON; what it says comes back as errors too.
if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);

export interface RunningServer {
  /**
   * Lets the calls in flight finish for at most `graceMs`, also those whose callers have left, then ends them, and
   * removes the socket.
   */
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
  const calls = new CallsUnderWay();
  for (const implementation of implementations)
    server.addService(serviceDefinition(implementation.service), wrap(implementation, log, calls));
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
      await drain(server, calls, graceMs);
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

async function drain(server: Server, calls: CallsUnderWay, graceMs: number): Promise<void> {
  const end = Date.now() + graceMs;
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  await within(graceMs, calls.ended());
  await within(Math.min(FAREWELL_MS, end - Date.now()), closed);
  server.forceShutdown();
}

/** Waits for something, but no longer than that. */
async function within(limitMs: number, event: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  await Promise.race([event, late]);
  clearTimeout(timer);
}
