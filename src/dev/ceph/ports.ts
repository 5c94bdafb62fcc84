import { createServer } from 'node:net';
import { DevError } from '../errors.js';
import { tryLock } from '../lock.js';

/** A cluster's ports: the monitor's (protocol 2, then protocol 1), then those of the OSD and the manager. */
export const PORTS_PER_CLUSTER = 32;
export const FIRST_PORT = 23_300;
const LAST_PORT = 32_700;

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
export async function reservePorts(address: string, wanted: number | undefined): Promise<Reserved> {
  for (let port = wanted ?? FIRST_PORT; ; port += PORTS_PER_CLUSTER) {
    const lock = await tryLock(`ports ${port}`);
    const taken = await firstTaken(address, port);
    if (lock !== undefined && taken === undefined) return { port, release: lock.release };
    lock?.release();
    if (wanted !== undefined)
      throw new DevError(
        `port ${taken ?? wanted} of ${address} is taken by another program`,
        `The cluster needs ${wanted} to ${wanted + PORTS_PER_CLUSTER - 1}: see \`ss -ltnp\`, or choose others with -port.`,
      );
    if (port + PORTS_PER_CLUSTER > LAST_PORT)
      throw new DevError(
        `no ${PORTS_PER_CLUSTER} free ports in a row from ${FIRST_PORT} to ${LAST_PORT} of ${address}`,
        'Choose others with -port.',
      );
  }
}

async function firstTaken(address: string, first: number): Promise<number | undefined> {
  for (let port = first; port < first + PORTS_PER_CLUSTER; port++)
    if (!(await isFree(address, port))) return port;
  return undefined;
}

function isFree(address: string, port: number): Promise<boolean> {
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
