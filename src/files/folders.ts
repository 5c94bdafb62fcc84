import { randomBytes } from 'node:crypto';
import { mkdir, open, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Makes a folder and those above it that are missing, and answers the ones that it made, the outermost first.
 * Node's own recursive mkdir does not return where the file system takes no folders, as /proc.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<readonly string[]> {
  const missing = await make(path, mode);
  if (missing === undefined) return [];
  if (missing === 'made') return [path];
  const parent = dirname(path);
  if (parent === path) throw missing;
  const above = await makeFolder(parent, mode);
  const still = await make(path, mode);
  if (still instanceof Error) throw still;
  return still === undefined ? above : [...above, path];
}

/** Undefined where the folder is there; the error where one above it is missing, or so it seems. */
async function make(path: string, mode: number): Promise<'made' | Error | undefined> {
  try {
    await mkdir(path, { mode });
    return 'made';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return error as Error;
    // On a read-only file system the kernel may say that before it says that the folder is there.
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory()) return undefined;
    throw error;
  }
}

/**
 * Fails, with the kernel's reason, where a folder cannot be made or a file in it not be written. It is tried,
 * since permissions alone do not tell what root may; nothing is left of the try.
 */
export async function tryFolder(path: string, mode?: number): Promise<void> {
  const made = await makeFolder(path, mode);
  try {
    const file = join(path, `.try-${randomBytes(6).toString('hex')}`);
    const opened = await open(file, 'wx', 0o600);
    try {
      await opened.writeFile('x');
      await opened.sync();
    } finally {
      await opened.close();
      await rm(file);
    }
  } finally {
    // What someone else put there meanwhile keeps its folder.
    for (const folder of [...made].reverse()) await rmdir(folder).catch(() => undefined);
  }
}
