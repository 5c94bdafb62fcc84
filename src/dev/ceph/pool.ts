import { setTimeout as sleep } from 'node:timers/promises';
import { DevError } from '../errors.js';
import { ceph, rbd } from './commands.js';
import { checkAlive } from './daemons.js';
import { DAEMONS, type Layout } from './layout.js';

const POLL_MS = 250;
/** Asking costs some 0.4 s of a processor that the daemons are starting on. */
const REPORT_POLL_MS = 1_000;
const REPORT_LIMIT_MS = 60_000;
const PLACEMENT_GROUPS = 16;

/** Sees that a pool is there, that RBD may use it, and that it serves reads and writes. */
export async function ensurePool(
  layout: Layout,
  pool: string,
  options: { readonly placementGroups?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { placementGroups = PLACEMENT_GROUPS, signal } = options;
  const count = `${placementGroups}`;
  await ceph(layout, ['osd', 'pool', 'create', pool, count, count, 'replicated'], signal);
  await whileAlive(layout, signal, (either) =>
    rbd(layout, ['pool', 'init', pool], { signal: either }),
  );
}

/** Waits until the pool answers, which takes the OSD some seconds after a start. */
export async function waitForPool(
  layout: Layout,
  pool: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await whileAlive(layout, signal, (either) => rbd(layout, ['ls', pool], { signal: either }));
}

/** Waits until the manager has told the monitor how much room the pool has: nobody knows before. */
export async function waitForReport(
  layout: Layout,
  pool: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await whileAlive(layout, signal, async (either) => {
    for (const deadline = performance.now() + REPORT_LIMIT_MS; performance.now() < deadline; ) {
      if (await isReported(layout, pool, either)) return;
      await sleep(REPORT_POLL_MS, undefined, { signal: either });
    }
    throw new DevError('the manager reports nothing', `See the logs in ${layout.logs}.`);
  });
}

async function isReported(layout: Layout, pool: string, signal: AbortSignal): Promise<boolean> {
  const report = JSON.parse(await ceph(layout, ['df', '-f', 'json'], signal)) as {
    pools: { name: string; stats: { max_avail: number } }[];
  };
  return report.pools.some(({ name, stats }) => name === pool && stats.max_avail > 0);
}

/** Runs something that waits for the daemons, and gives up as soon as one of them has ended. */
async function whileAlive(
  layout: Layout,
  signal: AbortSignal | undefined,
  action: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const done = new AbortController();
  const either = AbortSignal.any(signal === undefined ? [done.signal] : [done.signal, signal]);
  const watch = async (): Promise<never> => {
    for (;;) {
      await checkAlive(layout, DAEMONS);
      await sleep(POLL_MS, undefined, { signal: either });
    }
  };
  const work = action(either);
  const watched = watch();
  work.catch(() => {});
  watched.catch(() => {});
  try {
    await Promise.race([work, watched]);
  } finally {
    done.abort(new DevError('a daemon has ended', `See ${layout.logs}.`));
  }
}
