const NOBODY: Promise<unknown> = Promise.resolve();

/** Who waits for what on one key. */
interface Line {
  /** The last one that has the key for itself. */
  last: Promise<unknown>;
  /** Those that share it since. */
  sharing: Set<Promise<unknown>>;
}

/** How an action is carried out: once, or again where that helps. */
export type Attempt = <T>(action: () => Promise<T>) => Promise<T>;

/**
 * Puts calls for one volume in line, and lets identical calls that overlap share one execution and one
 * answer. Nomad fails an allocation on ABORTED, so a busy volume is waited for, never refused.
 */
export class Queue {
  readonly #lines = new Map<string, Line>();
  readonly #shared = new Map<string, Promise<unknown>>();

  constructor(private readonly attempt: Attempt = (action) => action()) {}

  /** How many keys somebody waits on, or has. */
  get size(): number {
    return this.#lines.size;
  }

  /**
   * Runs `action` once the earlier ones for any of `keys` have ended, whatever became of them. Those that only have
   * a key among their `sharing` do not wait for each other on it.
   */
  inLine<T>(
    keys: readonly string[],
    action: () => Promise<T>,
    sharing: readonly string[] = [],
  ): Promise<T> {
    const before = [
      ...keys.flatMap((key) => [...this.#lineOf(key).sharing, this.#lineOf(key).last]),
      ...sharing.map((key) => this.#lineOf(key).last),
    ];
    const result = Promise.allSettled(before).then(action);
    const tail = result.then(
      () => {},
      () => {},
    );
    for (const key of keys) this.#lines.set(key, { last: tail, sharing: new Set() });
    for (const key of sharing) this.#lineOf(key).sharing.add(tail);
    tail.then(() => {
      for (const key of keys) this.#leave(key, tail);
      for (const key of sharing) this.#leave(key, tail);
    });
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

  /** Both: equal calls are one, and different calls for a volume follow each other. Each is attempted as all are. */
  run<T>(
    keys: readonly string[],
    call: string,
    action: () => Promise<T>,
    sharing: readonly string[] = [],
  ): Promise<T> {
    return this.share(call, () => this.inLine(keys, () => this.attempt(action), sharing));
  }

  #lineOf(key: string): Line {
    const line = this.#lines.get(key) ?? { last: NOBODY, sharing: new Set() };
    this.#lines.set(key, line);
    return line;
  }

  /** Forgets a key that nobody waits on. */
  #leave(key: string, tail: Promise<unknown>): void {
    const line = this.#lines.get(key);
    if (line === undefined) return;
    line.sharing.delete(tail);
    if (line.last === tail) line.last = NOBODY;
    if (line.sharing.size === 0 && line.last === NOBODY) this.#lines.delete(key);
  }
}
