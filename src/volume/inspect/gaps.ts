import type { Gap } from './inspected.js';

/** Collects what could not be read, so that one part's failure leaves the others. */
export class Gaps {
  readonly found: Gap[] = [];
  readonly #wordsOf: (error: unknown) => string;

  /** @param wordsOf How an error is told. */
  constructor(wordsOf: (error: unknown) => string = messageOf) {
    this.#wordsOf = wordsOf;
  }

  /** What is read, or `otherwise` where that fails. */
  async read<T, U>(part: string, reading: Promise<T>, otherwise: U): Promise<T | U> {
    try {
      return await reading;
    } catch (error) {
      this.found.push({ part, problem: this.#wordsOf(error) });
      return otherwise;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
