import { createHash } from 'node:crypto';
import { chmod, lstat, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { basename, dirname } from 'node:path';
import { makeFolder, tryFolder } from '../../files/folders.js';

/** The plugin is root's, and so is what calls it. */
const SOCKET_MODE = 0o660;
const CONNECT_LIMIT_MS = 2000;

/** A socket's path that this process alone may listen on. */
export interface SocketClaim {
  /** To be called when the server listens. */
  listening(): Promise<void>;
  /** Lets go of the path. The socket itself went when the server stopped listening. */
  release(): void;
}

/**
 * Makes room for a listening socket: a stale one is removed, a live one is never stolen. Two processes that
 * start at once cannot both win, because the path is held by an abstract socket, which dies with its owner.
 */
export async function claimSocket(path: string): Promise<SocketClaim> {
  await makeFolder(dirname(path));
  const lock = await hold(path);
  try {
    await refuseOtherFile(path);
    if (await isListening(path)) throw inUse(path);
    await rm(path, { force: true });
  } catch (error) {
    lock.close();
    throw error;
  }
  return {
    listening: () => chmod(path, SOCKET_MODE),
    release: () => void lock.close(),
  };
}

/** Fails as claimSocket would, and changes nothing. */
export async function checkSocket(path: string): Promise<void> {
  await tryFolder(dirname(path));
  await refuseOtherFile(path);
  if (await isListening(path)) throw inUse(path);
}

async function hold(path: string): Promise<Server> {
  const lock = createServer();
  // By the folder itself: containers that share the network have other folders at the same path.
  const { dev, ino } = await stat(dirname(path));
  const name = `${dev}:${ino}/${basename(path)}`;
  return new Promise((resolve, reject) => {
    lock.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? inUse(path) : error),
    );
    // An abstract name begins with a zero byte, and is limited as a path is.
    const digest = createHash('sha256').update(name).digest('hex');
    lock.listen({ path: `\0pannier:${digest}` }, () => {
      lock.unref();
      resolve(lock);
    });
  });
}

/** Something at the path that is no socket was not left by a plugin, and is not ours to remove. */
async function refuseOtherFile(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined && !there.isSocket())
    throw new Error(`${path} exists and is not a socket; remove it or choose another endpoint`);
}

/** True where a process takes connections at the path. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = connect({ path });
    const timer = setTimeout(() => finish(true), CONNECT_LIMIT_MS);
    function finish(live: boolean) {
      clearTimeout(timer);
      probe.destroy();
      resolve(live);
    }
    probe.once('connect', () => finish(true));
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return finish(false);
      clearTimeout(timer);
      reject(error);
    });
  });
}

function inUse(path: string): Error {
  return new Error(`another process listens on ${path}; stop it or choose another endpoint`);
}
