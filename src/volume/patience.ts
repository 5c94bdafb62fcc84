import { VolumeError } from './errors.js';
import type { Attempt } from './queue.js';

/** No attempt begins later than so many milliseconds after the first: Mesos waits a minute for each call. */
const LIMIT_MS = 50_000;
const PAUSE_MS = 1_000;

/** What it takes to be patient. */
export interface Patience {
  readonly wait: (ms: number) => Promise<unknown>;
  /** In milliseconds; it never goes back. */
  readonly now: () => number;
}

/**
 * Repeats an action that fails for what passes, for who would give up at the first failure. Every action that is given
 * to it can be repeated at any point.
 */
export function patient({ wait, now }: Patience): Attempt {
  return async (action) => {
    const last = now() + LIMIT_MS;
    for (;;)
      try {
        return await action();
      } catch (error) {
        if (!isPassing(error) || now() + PAUSE_MS > last) throw error;
        await wait(PAUSE_MS);
      }
  };
}

/** A user that the cluster does not let in stays outside until somebody does something. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof VolumeError && error.code === 'UNAVAILABLE' && error.kind !== 'cluster-denied'
  );
}
