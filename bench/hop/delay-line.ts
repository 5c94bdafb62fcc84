import { setTimeout as sleep } from 'node:timers/promises';

/** The clock that a delay line goes by. Times are in milliseconds. */
export interface Clock {
  now(): number;
  /** Comes back after `ms`, or later. */
  wait(ms: number): Promise<unknown>;
}

const CLOCK: Clock = { now: () => performance.now(), wait: (ms) => sleep(ms) };

/** Hands on what it is given: in the same order, each after `ms` or a little more, however many are on their way. */
export class DelayLine<T> {
  readonly #onTheWay: Array<{ readonly item: T; readonly due: number }> = [];

  constructor(
    private readonly ms: number,
    private readonly deliver: (item: T) => void,
    private readonly clock: Clock = CLOCK,
  ) {}

  push(item: T): void {
    this.#onTheWay.push({ item, due: this.clock.now() + this.ms });
    if (this.#onTheWay.length === 1) void this.#run();
  }

  async #run(): Promise<void> {
    for (let next = this.#onTheWay[0]; next !== undefined; next = this.#onTheWay[0]) {
      const early = next.due - this.clock.now();
      if (early > 0) await this.clock.wait(early);
      else {
        this.deliver(next.item);
        this.#onTheWay.shift();
      }
    }
  }
}
