import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DevError } from '../errors.js';
import { tryLock } from '../lock.js';

/** A cluster's ports: the monitor's (protocol 2, then protocol 1), then those of the OSD and the manager. */
export const PORTS_PER_CLUSTER = 32;
export const FIRST_PORT = 23_300;
const LAST_PORT = 32_700;
const PATIENCE_MS = 3_000;
const POLL_MS = 100;

export interface Reserved {
  readonly port: number;
  /** To be called once the monitor listens: until then no other Pannier chooses these ports. */
  release(): void;
}

/** The monitor's address vector, as `mon host` and the monitor map have it. */
export function monitorAddress(address: string, port: number): string {
  return `[v2:${address}:${port},v1:${address}:${port + 1}]`;
}

/**
 * Reserves a cluster's ports: those that begin at `wanted`, or the first that are free.
 *
 * @throws DevError where they are taken.
 */
export function reservePorts(address: string, wanted: number | undefined): Promise<Reserved> {
  return wanted === undefined ? reserveAny(address) : reserve(address, wanted);
}

async function reserveAny(address: string): Promise<Reserved> {
  for (let port = FIRST_PORT; port <= LAST_PORT; port += PORTS_PER_CLUSTER) {
    const reserved = await tryReserve(address, port);
    if (typeof reserved !== 'number') return reserved;
  }
  throw new DevError(
    `no ${PORTS_PER_CLUSTER} free ports in a row from ${FIRST_PORT} to ${LAST_PORT} of ${address}`,
    'Choose others with -port.',
  );
}

/** Daemons that were killed hold their ports for a moment, so it looks more than once. */
async function reserve(address: string, port: number): Promise<Reserved> {
  for (const deadline = performance.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
    const reserved = await tryReserve(address, port);
    if (typeof reserved !== 'number') return reserved;
    if (performance.now() >= deadline)
      throw new DevError(
        `port ${reserved} of ${address} is taken by another program`,
        `The cluster needs ${port} to ${port + PORTS_PER_CLUSTER - 1}: see \`ss -ltnp\`, or choose others with -port.`,
      );
  }
}

/** The reservation, or the first port that is taken. */
async function tryReserve(address: string, port: number): Promise<Reserved | number> {
  const lock = await tryLock(`ports ${port}`);
  if (lock === undefined) return port;
  const taken = await firstTaken(address, port);
  if (taken === undefined) return { port, release: lock.release };
  lock.release();
  return taken;
}

async function firstTaken(address: string, first: number): Promise<number | undefined> {
  for (let port = first; port < first + PORTS_PER_CLUSTER; port++)
    if (!(await isFree(address, port))) return port;
  return undefined;
}

/** True where nothing listens at a port. */
export function isFree(address: string, port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES'
        ? resolve(false)
        : reject(
            new DevError(
              `cannot listen on ${address}: ${error.message}`,
              'Choose another address.',
            ),
          ),
    );
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}
