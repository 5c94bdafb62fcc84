/** Lets a bounded number of tasks run; the others wait in line, for a bounded time. */
export class Gate {
  #running = 0;
  #width: number;
  readonly #line: Array<() => void> = [];

  constructor(
    width: number,
    private readonly waitMs: number,
    /** The error of one that waited too long. */
    private readonly late: () => Error,
  ) {
    this.#width = width;
  }

  get width(): number {
    return this.#width;
  }

  /** From now on so many may run; where more do already, they end first. */
  resize(width: number): void {
    this.#width = width;
    while (this.#running < width && this.#line.length > 0) {
      this.#running += 1;
      this.#line.shift()?.();
    }
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#width) {
      this.#running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const admit = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#line.splice(this.#line.indexOf(admit), 1);
        reject(this.late());
      }, this.waitMs);
      this.#line.push(admit);
    });
  }

  /** The place goes to the next in line, if there is one and a place for it. */
  #leave(): void {
    const next = this.#running > this.#width ? undefined : this.#line.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
