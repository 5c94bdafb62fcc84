import { setTimeout as sleep } from 'node:timers/promises';
import { monitorCommand } from './monitors.js';
import type { Session } from './session.js';

/** A monitor that lives answers within milliseconds. */
const ANSWER_MS = 2_000;

const NO_MONITOR = 'no monitor answers';

/** Finds out what of a cluster is missing where one of its answers does not come. */
export class Missing {
  #looking: Promise<string> | undefined;

  constructor(private readonly opened: Promise<Session>) {}

  /** In words: the monitors, or an OSD where they answer. Who asks meanwhile gets the same answer, at one thread's cost. */
  look(): Promise<string> {
    if (this.#looking !== undefined) return this.#looking;
    const asked = this.opened
      .then(countOsds)
      .catch(() => NO_MONITOR)
      .finally(() => {
        this.#looking = undefined;
      });
    this.#looking = Promise.race([asked, sleep(ANSWER_MS, NO_MONITOR, { ref: false })]);
    return this.#looking;
  }
}

/** What `ceph osd stat` says. */
interface OsdStat {
  readonly num_osds: number;
  readonly num_up_osds: number;
}

async function countOsds(session: Session): Promise<string> {
  const command = JSON.stringify({ prefix: 'osd stat', format: 'json' });
  const answer = await monitorCommand(session, command, 'ask for the OSDs');
  const { num_osds, num_up_osds }: OsdStat = JSON.parse(answer);
  return `an OSD does not answer; the monitors do, and count ${num_up_osds} of ${num_osds} OSDs up`;
}
