import { CommandError, failureOf } from './errors.js';

/** What stands where something must not be shown. */
const SENSITIVE = '(sensitive)';

/** A shorter text is hidden only where it is a whole value: it may well be part of a word. */
const MIN_PART = 4;

/** Keeps values of a specification that are sensitive out of all that a command says. */
export class Concealer {
  readonly #texts = new Set<string>();

  add(texts: readonly string[]): void {
    for (const text of texts) this.#texts.add(text);
  }

  text(said: string): string {
    return this.#longest().reduce((rest, text) => rest.replaceAll(text, SENSITIVE), said);
  }

  /** Data with the same shape, its texts and its keys concealed. */
  data(value: unknown): unknown {
    if (this.#texts.size === 0) return value;
    if (typeof value === 'string') return this.#texts.has(value) ? SENSITIVE : this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.data(item));
    if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.text(key), this.data(item)]),
    );
  }

  error(error: Error): Error {
    if (this.#texts.size === 0) return error;
    const { message, ...failure } = failureOf(error);
    const { text } = error as CommandError;
    return new CommandError(this.text(message), {
      ...(this.data(failure) as typeof failure),
      ...(typeof text === 'string' ? { text: this.text(text) } : {}),
    });
  }

  /** So that what holds another one goes as a whole. */
  #longest(): string[] {
    return [...this.#texts]
      .filter(({ length }) => length >= MIN_PART)
      .sort((a, b) => b.length - a.length);
  }
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
