import { setTimeout as sleep } from 'node:timers/promises';
import type { Records } from './records.js';

/** How long nothing happens to what is staged until no more is expected, in milliseconds. */
const QUIET_MS = 2_000;
/** How long the plugin goes on at most: who told it to stop waits no longer than for the calls in flight. */
const LIMIT_MS = 4_000;
const POLL_MS = 100;

/**
 * Waits while a volume that is staged here may still be taken down. Nomad ends a plugin as soon as the tasks that use
 * its volumes have ended, and only then unmounts: a drained client would keep the volumes of the jobs that left it.
 */
export async function waitForLastCalls(records: Records): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  let known = await staged(records);
  let quietSince = performance.now();
  while (known !== '' && performance.now() < Math.min(end, quietSince + QUIET_MS)) {
    await sleep(POLL_MS);
    const now = await staged(records);
    if (now === known) continue;
    known = now;
    quietSince = performance.now();
  }
}

/** What is staged and published where, as text to be compared; empty where nothing is. */
async function staged(records: Records): Promise<string> {
  const all = await records.list();
  return all.map((record) => JSON.stringify(record)).join('\n');
}
