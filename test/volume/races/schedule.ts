import t from 'tap';
import type { Controller } from '../../../src/volume/controller.js';
import { plainEffect } from '../../../src/volume/effects.js';
import { VolumeError } from '../../../src/volume/errors.js';
import type { Clusters } from '../../../src/volume/store.js';
import { runTask } from '../../../src/volume/work/run.js';
import { parseTask } from '../../../src/volume/work/tasks.js';
import { controllerOf } from '../controllers.js';
import { MemoryCeph } from '../memory-ceph.js';
import { memoryClusters } from '../memory-clusters.js';

/** Turns of the event loop without an operation after which nothing will ever happen again. */
const DEAD = 2_000;

/**
 * Lets one waiting operation go at a time, in an order that the seed decides: every interleaving can come up. With every
 * other eight seeds whoever went last mostly goes on, so that others stand still for a whole call in between.
 * What waits a while waits until nothing else can go on: a controller's waits are long beside Ceph's operations.
 */
export class Schedule {
  readonly #waiting: Array<() => void> = [];
  readonly #sleeping: Array<() => void> = [];
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed * 2654435761 + 1;
  }

  readonly step = () => new Promise<void>((resolve) => this.#waiting.push(resolve));
  readonly wait = () => new Promise<void>((resolve) => this.#sleeping.push(resolve));

  random(below: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * below);
  }

  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = () => {
      done = true;
    };
    work.then(end, end);
    for (let idle = 0; !done; idle++) {
      await new Promise((resolve) => setImmediate(resolve));
      const from = this.#waiting.length > 0 ? this.#waiting : this.#sleeping;
      const last = (this.seed & 8) !== 0 && this.random(8) > 0;
      const next = from.splice(last ? from.length - 1 : this.random(from.length), 1)[0];
      if (next !== undefined) idle = 0;
      next?.();
      if (idle > DEAD) throw new Error(`seed ${this.seed}: what was begun never ends`);
    }
    return work;
  }
}

export const immediate = async () => {};

/** A controller whose process dies after `lives` operations of Ceph: from then on nothing of it happens. */
export function controllerOn(
  ceph: MemoryCeph,
  schedule: Pick<Schedule, 'step' | 'wait'> = { step: immediate, wait: immediate },
  lives = Number.POSITIVE_INFINITY,
  options: Partial<Controller> = {},
): Controller {
  let left = lives;
  const clusters = memoryClusters(ceph, () =>
    left-- > 0 ? schedule.step() : new Promise(() => {}),
  );
  return controllerOf(clusters, { wait: schedule.wait, ...options });
}

/** True where a call ended, false where its controller died in it: then it never ends. */
export async function ended(call: Promise<unknown>): Promise<boolean> {
  let done = false;
  const end = () => {
    done = true;
  };
  call.then(end, end);
  for (let turn = 0; turn < 20 && !done; turn++)
    await new Promise((resolve) => setImmediate(resolve));
  return done;
}

export function codeOf(result: PromiseSettledResult<unknown>): string {
  if (result.status === 'fulfilled') return 'OK';
  if (result.reason instanceof VolumeError) return result.reason.code;
  throw result.reason;
}

/** Does once what is left to do, whoever has the lock, as a worker does. */
export async function workOnce(clusters: Clusters): Promise<void> {
  const cluster = clusters.get('main');
  for (const index of ['snapshotNames', 'names'] as const)
    for (const stored of await cluster[index].listTasks()) {
      const task = parseTask(stored.value);
      if (task !== undefined) await runTask(cluster, index, stored, task, plainEffect);
    }
}

/** Until nothing is left to do, after all clients that died are forgotten. */
export async function workOff(ceph: MemoryCeph): Promise<void> {
  ceph.forgetClients();
  const { clusters } = controllerOn(ceph);
  const { names, snapshotNames } = ceph.indexes;
  for (let round = 0; round < 12 && names.tasks.size + snapshotNames.tasks.size > 0; round++)
    await workOnce(clusters);
}

export const NOTHING = new MemoryCeph().leaks();

/** Fails where anything is left in Ceph. */
export function nothingLeft(ceph: MemoryCeph, context: string): void {
  const left = ceph.leaks();
  for (const [what, found] of Object.entries(left))
    if (found.length > 0) t.fail(`${context}: left of ${what}`, left);
}
