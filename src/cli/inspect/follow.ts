import { setTimeout as sleep } from 'node:timers/promises';
import { toJson } from '../json.js';

const EVERY_MS = 2_000;
/** From the upper left corner on, nothing. */
const CLEAR_SCREEN = '\u001b[H\u001b[2J\u001b[3J';

export interface Follow<T> {
  /** What there is now. */
  readonly read: () => Promise<T>;
  /** The same as data. */
  readonly data: (now: T) => unknown;
  /** Shows it. */
  readonly show: (now: T) => Promise<void>;
  /** For programs: each state is a line of JSON. */
  readonly json: boolean;
  /** A person reads at a terminal: what was shown is taken away first. */
  readonly redraw: boolean;
}

/** Shows what there is, and each change of it, until reading fails. */
export async function follow<T>({ read, data, show, json, redraw }: Follow<T>): Promise<never> {
  for (let before = ''; ; await sleep(EVERY_MS)) {
    const now = await read();
    const line = toJson(data(now), 0);
    if (line === before) continue;
    before = line;
    if (redraw) process.stdout.write(CLEAR_SCREEN);
    if (json) process.stdout.write(`${line}\n`);
    else await show(now);
  }
}
