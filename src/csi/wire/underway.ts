/** The calls that a server works on, whether or not their callers still wait. */
export class CallsUnderWay {
  #count = 0;
  #allEnded = Promise.withResolvers<void>();

  constructor() {
    this.#allEnded.resolve();
  }

  /** Counts a call until its work, which does not fail, has ended. */
  add(work: Promise<void>): void {
    if (this.#count++ === 0) this.#allEnded = Promise.withResolvers();
    void work.finally(() => {
      if (--this.#count === 0) this.#allEnded.resolve();
    });
  }

  /** Resolves when none is left of those that there are, and of those that come meanwhile. */
  async ended(): Promise<void> {
    while (this.#count > 0) await this.#allEnded.promise;
  }
}
