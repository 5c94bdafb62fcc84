import { readFile } from 'node:fs/promises';

/** A process's resident memory, in bytes. */
export interface Resident {
  readonly total: number;
  /** Code and data of programs and libraries, which processes of the same program share. */
  readonly fileBacked: number;
  /** The process's own: heaps, stacks and buffers. */
  readonly anonymous: number;
}

/** Reads /proc/<pid>/smaps_rollup. */
export async function resident(pid: number): Promise<Resident> {
  return parseRollup(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'));
}

export function parseRollup(text: string): Resident {
  const kibibytes = (key: string) => {
    const found = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    if (found === undefined) throw new Error(`smaps_rollup has no ${key}`);
    return Number(found) * 1024;
  };
  const [total, anonymous] = [kibibytes('Rss'), kibibytes('Anonymous')];
  return { total, anonymous, fileBacked: total - anonymous };
}
