/** A source of numbers that a seed decides. */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `count` - 1. */
  below(count: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count;
  }

  of<T>(all: readonly T[]): T {
    return all[this.below(all.length)] as T;
  }
}

/** Holds callers apart: many at once, or one alone. */
export class Gate {
  #inside = 0;
  #alone = false;

  /** Runs `work` beside others; undefined where somebody is alone or wants to be. */
  async beside<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#alone) return undefined;
    this.#inside++;
    try {
      return await work();
    } finally {
      this.#inside--;
    }
  }

  /** Runs `work` alone, once those inside have left; undefined where somebody else is. */
  async alone<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#alone) return undefined;
    this.#alone = true;
    try {
      while (this.#inside > 0) await new Promise((resolve) => setTimeout(resolve, 10));
      return await work();
    } finally {
      this.#alone = false;
    }
  }
}
