/** Lets a bounded number of tasks run; the others wait in line, for a bounded time. */
export class Gate {
  #running = 0;
  readonly #line: Array<() => void> = [];

  constructor(
    readonly width: number,
    private readonly waitMs: number,
    /** The error of one that waited too long. */
    private readonly late: () => Error,
  ) {}

  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.width) {
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

  /** The place goes to the next in line, if there is one. */
  #leave(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
