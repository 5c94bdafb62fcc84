/** An interrupt from the terminal can be refused once; a termination is not asked about. */
export type Interrupt = 'asked' | 'told';

const SIGNALS: ReadonlyArray<readonly [NodeJS.Signals, Interrupt]> = [
  ['SIGINT', 'asked'],
  ['SIGTERM', 'told'],
  ['SIGHUP', 'told'],
];

/** The signals that ask a command in the foreground to end, in order. */
export class Interrupts {
  readonly #controller = new AbortController();
  readonly #queue: Interrupt[] = [];
  #wake: () => void = () => {};

  constructor() {
    for (const [signal, kind] of SIGNALS)
      process.on(signal, () => {
        this.#queue.push(kind);
        this.#controller.abort(new Error(`interrupted by ${signal}`));
        this.#wake();
      });
  }

  /** Aborted by the first of them. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The next one, or undefined where none has come in this many milliseconds. */
  async next(withinMs: number): Promise<Interrupt | undefined> {
    if (this.#queue.length === 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    return this.#queue.shift();
  }
}
