import { createConnection, type Server, type Socket } from 'node:net';
import { DelayLine } from './delay-line.js';

/** How much longer a request and its answer take through a relay, in milliseconds, or a little more. */
export const HOP_MS = 1;

/** Hands every connection that a server gets on to an address: what goes there a hop later, answers at once. */
export function relay(server: Server, host: string, port: number): void {
  server.on('connection', (near: Socket) => {
    const far = createConnection({ host, port, noDelay: true, allowHalfOpen: true });
    near.setNoDelay(true);
    // Answers may be on their way when the last request has gone.
    near.allowHalfOpen = true;
    const requests = new DelayLine<Buffer | 'end'>(HOP_MS, (item) =>
      item === 'end' ? far.end() : far.write(item),
    );
    near.on('data', (bytes: Buffer) => requests.push(bytes));
    near.on('end', () => requests.push('end'));
    far.pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
}
