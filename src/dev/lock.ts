import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A lock that this process holds until it releases it or ends, or undefined where another holds it.
 * It is a socket in Linux's abstract namespace: the kernel takes it away with its process, so none is ever stale.
 */
export async function tryLock(name: string): Promise<{ release(): void } | undefined> {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  const held = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(`\0pannier-lock-${digest}`, () => resolve(true));
  });
  if (!held) return undefined;
  server.unref();
  return { release: () => void server.close() };
}
