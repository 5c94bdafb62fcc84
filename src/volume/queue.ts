/**
 * Puts calls for one volume in line, and lets identical calls that overlap share one execution and one
 * answer. Nomad fails an allocation on ABORTED, so a busy volume is waited for, never refused.
 */
export class Queue {
  readonly #tails = new Map<string, Promise<unknown>>();
  readonly #shared = new Map<string, Promise<unknown>>();

  /** Runs `action` once the earlier ones for any of `keys` have ended, whatever became of them. */
  inLine<T>(keys: readonly string[], action: () => Promise<T>): Promise<T> {
    const before = keys.map((key) => this.#tails.get(key) ?? Promise.resolve());
    const result = Promise.allSettled(before).then(action);
    const tail = result.then(
      () => {},
      () => {},
    );
    for (const key of keys) {
      this.#tails.set(key, tail);
      tail.then(() => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      });
    }
    return result;
  }

  /** Runs `action`, or joins an execution with an equal `call` that has not ended. */
  share<T>(call: string, action: () => Promise<T>): Promise<T> {
    const running = this.#shared.get(call);
    if (running !== undefined) return running as Promise<T>;
    const result = action().finally(() => this.#shared.delete(call));
    this.#shared.set(call, result);
    return result;
  }

  /** Both: equal calls are one, and different calls for a volume follow each other. */
  run<T>(keys: readonly string[], call: string, action: () => Promise<T>): Promise<T> {
    return this.share(call, () => this.inLine(keys, action));
  }
}
