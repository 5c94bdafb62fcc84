import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { CallError } from '../../../src/csi/wire/client.js';
import { tail } from '../../../src/dev/run.js';
import type { LabCeph } from '../../lab/ceph.js';
import { type LabPlugin, startPlugin } from '../../lab/plugin.js';

/** What a call answered: its code, and what came with an OK. */
export interface Answer<T> {
  readonly code: string;
  readonly message: string;
  readonly value: T | undefined;
  /** When it was sent and when it ended (as performance.now() counts). */
  readonly began: number;
  readonly ended: number;
}

/** Codes of a call that may have done what it was asked for, or may not. */
const UNKNOWN = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'ABORTED'];

export function isUnknown({ code }: Answer<unknown>): boolean {
  return UNKNOWN.includes(code);
}

export async function answerOf<T>(call: () => Promise<T>): Promise<Answer<T>> {
  const began = performance.now();
  try {
    const value = await call();
    return { code: 'OK', message: '', value, began, ended: performance.now() };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const { code, message } = error;
    return { code, message, value: undefined, began, ended: performance.now() };
  }
}

/** How long the lock of a controller that was killed keeps others from its work, at the most. */
const TAKE_OVER_MS = 60_000;
const LAST_LINES = 60;

/** What librbd 16 does, rarely, where it closes an image at which another client asks it for something. */
const ENDED_BY_LIBRBD = /AsyncOpTracker\.cc: \d+: FAILED ceph_assert\(m_pending_ops == 0\)/;

/** Controllers of one cluster, in processes of their own. */
export class Fleet {
  private constructor(
    readonly ceph: LabCeph,
    private readonly env: NodeJS.ProcessEnv,
    private readonly plugins: LabPlugin[],
  ) {}

  static async start(ceph: LabCeph, count: number, env: NodeJS.ProcessEnv = {}): Promise<Fleet> {
    const plugins: LabPlugin[] = [];
    for (let n = 0; n < count; n++) plugins.push(await launch(ceph, env));
    return new Fleet(ceph, env, plugins);
  }

  /** Those that are alive. */
  get alive(): readonly LabPlugin[] {
    return this.plugins.filter((plugin) => !plugin.hasEnded);
  }

  /** One of those, by a number of any size. */
  at(n: number): LabPlugin {
    return this.alive[n % this.alive.length] as LabPlugin;
  }

  /** Sends a call until it is answered otherwise than that it should be sent again. */
  async settled<T>(
    first: number,
    call: (plugin: LabPlugin) => Promise<T>,
    rounds = 100,
  ): Promise<Answer<T>> {
    for (let round = 0; ; round++) {
      const answer = await answerOf(() => call(this.at(first + round)));
      if (!isUnknown(answer) || round === rounds) return answer;
      await sleep(50);
    }
  }

  /**
   * Kills the controller that does the background work as `kill -9` does, starts it again a moment later, and waits
   * until one of them has taken the work over.
   */
  async killWorker(): Promise<void> {
    const holds = (plugin: LabPlugin) =>
      plugin.log.filter(({ msg }) => msg === 'this controller does the background work').at(-1);
    const latest = this.alive
      .map((plugin) => ({ plugin, time: `${holds(plugin)?.time ?? ''}` }))
      .sort((left, right) => (left.time < right.time ? 1 : -1))[0];
    if (latest === undefined || latest.time === '') throw new Error('nobody does the work');
    const { plugin: worker, time } = latest;
    process.kill(worker.pid, 'SIGKILL');
    await worker.ended;
    await sleep(2_000);
    this.plugins[this.plugins.indexOf(worker)] = await launch(this.ceph, this.env, worker.folder);
    const limit = Date.now() + TAKE_OVER_MS;
    while (!this.alive.some((plugin) => `${holds(plugin)?.time ?? ''}` > time)) {
      if (Date.now() > limit) throw new Error('nobody took the work over');
      await sleep(100);
    }
  }

  /** What the controllers said of errors that nobody foresaw. */
  get unforeseen(): readonly unknown[] {
    return this.plugins.flatMap((plugin) =>
      plugin.log.filter(({ code }) => code === 'INTERNAL' || code === 'UNKNOWN'),
    );
  }

  /**
   * How each ended: 0, or how else and what it wrote last. One that librbd ended died as by kill -9, and has to have
   * left as little behind.
   */
  async stop(): Promise<ReadonlyArray<string | number>> {
    return Promise.all(
      this.plugins.map(async (plugin) => {
        const ended = await plugin.stop();
        if (ended === 0) return ended;
        if (ended === 'SIGABRT' && ENDED_BY_LIBRBD.test(plugin.stderr)) {
          t.comment('librbd has ended a controller');
          return 0;
        }
        return `${ended}: ${tail(plugin.stderr, LAST_LINES)}`;
      }),
    );
  }
}

function launch(ceph: LabCeph, env: NodeJS.ProcessEnv, folder?: string): Promise<LabPlugin> {
  return startPlugin({
    ...{ clusters: [ceph.settings], mode: 'controller', env },
    ...(folder === undefined ? {} : { folder }),
  });
}
