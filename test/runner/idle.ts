import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long the processors are watched for, in milliseconds. */
const WATCHED_MS = 3_000;
/** The share of them that must have had nothing to do. */
const IDLE_SHARE = 0.3;

/**
 * Resolves to true where the processors have had time to spare, which one caller at a time is told, and to false where
 * none is wanted any more.
 */
export class Idle {
  #turn: Promise<unknown> = Promise.resolve();

  spare(wanted: () => boolean): Promise<boolean> {
    const turn = this.#turn.then(() => waitForSpare(wanted));
    this.#turn = turn;
    return turn;
  }
}

async function waitForSpare(wanted: () => boolean): Promise<boolean> {
  while (wanted()) {
    const before = spent();
    await sleep(WATCHED_MS);
    const after = spent();
    const idle = after.idle - before.idle;
    if (wanted() && idle > IDLE_SHARE * (after.all - before.all)) return true;
  }
  return false;
}

/** What all processors have spent since the machine began, in milliseconds. */
function spent(): { readonly idle: number; readonly all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, { idle }) => sum + idle, 0);
  const all = times.reduce(
    (sum, one) => sum + one.user + one.nice + one.sys + one.idle + one.irq,
    0,
  );
  return { idle, all };
}
