import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DevError } from '../errors.js';
import { findProcesses, isProgram, terminate } from '../processes.js';
import { run, tail } from '../run.js';
import { DAEMONS, type Daemon, IDS, type Layout } from './layout.js';

const START_LIMIT_MS = 60_000;
const STOP_GRACE_MS = 20_000;

/**
 * The daemons of this cluster that run. The process table is asked, not the pid files: after a crash those
 * may name a process that got the number since.
 */
export function running(layout: Layout): Partial<Record<Daemon, number>> {
  const pids: Partial<Record<Daemon, number>> = {};
  const ours = findProcesses((args) => args.includes(layout.conf) && !args.includes('--mkfs'));
  for (const daemon of DAEMONS)
    for (const { pid, args } of ours) if (isProgram(args, `ceph-${daemon}`)) pids[daemon] = pid;
  return pids;
}

/** Starts a daemon that does not run yet. It puts itself into the background. */
export async function startDaemon(
  layout: Layout,
  daemon: Daemon,
  signal?: AbortSignal,
): Promise<void> {
  if (running(layout)[daemon] !== undefined) return;
  await run(`ceph-${daemon}`, ['-c', layout.conf, '-i', IDS[daemon]], {
    limitMs: START_LIMIT_MS,
    outputFile: startLogOf(layout, daemon),
    signal,
  });
}

/** Stops a daemon, and says whether it had to be killed. */
export async function stopDaemon(
  layout: Layout,
  daemon: Daemon,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  const pid = running(layout)[daemon];
  if (pid !== undefined) await terminate(pid, STOP_GRACE_MS, signal);
}

/** Ends whatever of this cluster still runs, a creation that was cut short included. */
export async function stopAll(layout: Layout): Promise<void> {
  await stopDaemon(layout, 'osd');
  await Promise.all([stopDaemon(layout, 'mgr'), stopDaemon(layout, 'mon')]);
  const left = findProcesses(
    (args) =>
      args.includes(layout.conf) &&
      [...DAEMONS.map((daemon) => `ceph-${daemon}`)].some((name) => isProgram(args, name)),
  );
  await Promise.all(left.map(({ pid }) => terminate(pid, STOP_GRACE_MS)));
}

/** @throws DevError with the end of its log where a daemon has ended. */
export async function checkAlive(layout: Layout, daemons: readonly Daemon[]): Promise<void> {
  const pids = running(layout);
  for (const daemon of daemons) {
    if (pids[daemon] !== undefined) continue;
    const log = join(layout.logs, `${daemon}.${IDS[daemon]}.log`);
    const said = await readFile(log, 'utf8').catch(() => '');
    throw new DevError(`ceph-${daemon} has ended: ${tail(said, 3)}`, `See ${log}.`);
  }
}

function startLogOf(layout: Layout, daemon: Daemon): string {
  return join(layout.logs, `${daemon}.start.log`);
}
