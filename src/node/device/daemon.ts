import { readdir, readFile } from 'node:fs/promises';

/**
 * The process, not yet dead, that has this very argument; a path of ours in it makes it ours. `guess` is
 * looked at first, which saves a look at every process there is.
 */
export async function findProcess(argument: string, guess?: number): Promise<number | undefined> {
  if (guess !== undefined && (await isProcess(guess, argument))) return guess;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => isProcess(pid, argument)));
  return pids[found.indexOf(true)];
}

/** True where a process lives and has the argument; a zombie has no arguments any more. */
export async function isProcess(pid: number, argument: string): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').includes(argument);
  } catch {
    return false;
  }
}
