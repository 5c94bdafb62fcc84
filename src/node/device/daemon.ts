import { readdir, readFile } from 'node:fs/promises';

/** The process, not yet dead, that has this very argument; a path of ours in it makes it ours. */
export async function findProcess(argument: string): Promise<number | undefined> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => hasArgument(pid, argument)));
  const pid = pids[found.indexOf(true)];
  return pid === undefined ? undefined : Number(pid);
}

/** A zombie has no arguments any more. */
async function hasArgument(pid: string, argument: string): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').includes(argument);
  } catch {
    return false;
  }
}
