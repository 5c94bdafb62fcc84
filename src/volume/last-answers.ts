import { isMistake } from './errors.js';

/** Is told where an earlier answer is given, and where answers come again. */
export interface Told {
  lost(question: string, problem: string): void;
  found(question: string): void;
}

export interface Limits {
  /** How long an answer is waited for where an earlier one is known. */
  readonly knownMs: number;
  /** And where none is. */
  readonly unknownMs: number;
}

/** An orchestrator that has to be answered waits a minute: Mesos does. */
const LIMITS: Limits = { knownMs: 5_000, unknownMs: 20_000 };

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** A question that is being asked. */
interface Reading<T> {
  readonly since: number;
  readonly outcome: Promise<Outcome<T>>;
}

/** The last answers to some questions, for when a new one does not come. */
export class LastAnswers<T> {
  readonly #known = new Map<string, T>();
  readonly #readings = new Map<string, Reading<T>>();
  readonly #lost = new Set<string>();

  constructor(
    private readonly told: Told,
    private readonly limits: Limits = LIMITS,
  ) {}

  /**
   * What `read` answers; or else, where it fails or does not answer in time, what it answered last; undefined where it
   * never did. Who asks the same meanwhile waits for the same answer. Fails where the question is a mistake.
   */
  async ask(question: string, key: string, read: () => Promise<T>): Promise<T | undefined> {
    const reading = this.#readings.get(key) ?? this.#begin(key, read);
    const { knownMs, unknownMs } = this.limits;
    const limitMs = this.#known.has(key) ? knownMs : unknownMs;
    const outcome = await within(reading.outcome, limitMs - (Date.now() - reading.since));
    if (outcome !== undefined && 'value' in outcome) {
      if (this.#lost.delete(key)) this.told.found(question);
      return outcome.value;
    }
    if (outcome !== undefined && isMistake(outcome.error)) throw outcome.error;
    const problem =
      outcome === undefined ? `no answer in ${limitMs / 1000} s` : words(outcome.error);
    if (!this.#lost.has(key)) this.told.lost(question, problem);
    this.#lost.add(key);
    return this.#known.get(key);
  }

  /** Changes an answer by what is known better. One that is under way began before that, and is not kept. */
  change(key: string, next: (known: T) => T): void {
    this.#readings.delete(key);
    const known = this.#known.get(key);
    if (known !== undefined) this.#known.set(key, next(known));
  }

  #begin(key: string, read: () => Promise<T>): Reading<T> {
    const outcome = read().then(
      (value) => {
        if (this.#readings.get(key) === reading) this.#known.set(key, value);
        this.#end(key, reading);
        return { value };
      },
      (error: unknown) => {
        this.#end(key, reading);
        return { error };
      },
    );
    const reading: Reading<T> = { since: Date.now(), outcome };
    this.#readings.set(key, reading);
    return reading;
  }

  #end(key: string, reading: Reading<T>): void {
    if (this.#readings.get(key) === reading) this.#readings.delete(key);
  }
}

/** Undefined where a promise takes longer. */
async function within<T>(promise: Promise<T>, limitMs: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), Math.max(0, limitMs));
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
