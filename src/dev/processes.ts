import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Process {
  readonly pid: number;
  /** Its argument vector. */
  readonly args: readonly string[];
}

/** Processes of this machine whose arguments satisfy `test`. Zombies and kernel threads have none. */
export function findProcesses(test: (args: readonly string[]) => boolean): Process[] {
  const found: Process[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const args = argumentsOf(Number(entry));
    if (args.length > 0 && test(args)) found.push({ pid: Number(entry), args });
  }
  return found;
}

/** A process's arguments; empty where it is gone. */
export function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** A process's parent, or undefined where it is gone. */
export function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** When a process began, in clock ticks since the machine's start: with the pid it is one process and no other. */
export function startTimeOf(pid: number): string | undefined {
  const fields = statOf(pid);
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

/** proc(5), stat, from the third field on: what is before it may hold spaces. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** True where the program's name, without its folder, is `name`. */
export function isProgram(args: readonly string[], name: string): boolean {
  return basename(args[0] ?? '') === name;
}

/**
 * Ends a process: `signal` first, SIGKILL once `graceMs` have passed. It returns when the process is gone.
 * Another process that gets the same pid meanwhile is left alone.
 */
export async function terminate(
  pid: number,
  graceMs: number,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<'ended' | 'killed'> {
  const began = startTimeOf(pid);
  const alive = () => began !== undefined && startTimeOf(pid) === began;
  if (!alive()) return 'ended';
  send(pid, signal);
  const deadline = performance.now() + graceMs;
  while (alive() && performance.now() < deadline) await sleep(20);
  if (!alive()) return 'ended';
  send(pid, 'SIGKILL');
  while (alive()) await sleep(20);
  return 'killed';
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
