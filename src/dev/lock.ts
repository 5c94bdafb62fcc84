import { createHash } from 'node:crypto';
import { connect, createServer } from 'node:net';

export interface Lock {
  release(): void;
}

/**
 * A lock that this process holds until it releases it or ends, or undefined where another holds it.
 * It is a socket in Linux's abstract namespace: the kernel takes it away with its process, so none is ever
 * stale. Who connects is told the holder's pid.
 */
export async function tryLock(name: string): Promise<Lock | undefined> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`${process.pid}`);
  });
  const held = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(addressOf(name), () => resolve(true));
  });
  if (!held) return undefined;
  server.unref();
  return { release: () => void server.close() };
}

/** The pid of the process that holds a lock, or undefined where none does. */
export async function holderOf(name: string): Promise<number | undefined> {
  const said = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(addressOf(name));
    socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
  return /^\d+$/.test(said) ? Number(said) : undefined;
}

const ANSWER_LIMIT_MS = 5_000;

function addressOf(name: string): string {
  return `\0pannier-lock-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}
