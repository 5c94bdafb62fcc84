import { type Diagnostic, errorAt, type Range, warningAt } from '../../spec/diagnostic.js';
import type { Source } from '../../spec/hcl/source.js';

/** A value of a JSON text, with its place. */
export type Json =
  | { readonly kind: 'object'; readonly members: readonly Member[]; readonly range: Range }
  | { readonly kind: 'list'; readonly items: readonly Json[]; readonly range: Range }
  | { readonly kind: 'string'; readonly value: string; readonly range: Range }
  | { readonly kind: 'number'; readonly value: number; readonly range: Range }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly range: Range }
  | { readonly kind: 'null'; readonly range: Range };

export interface Member {
  readonly key: string;
  readonly keyRange: Range;
  readonly value: Json;
}

export type JsonObject = Extract<Json, { kind: 'object' }>;

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const ANY_WORD = /[\p{L}\p{N}_.+-]+|./uy;
const DEPTH_LIMIT = 100;

/** The mistake that ends the reading. */
class Mistake extends Error {
  constructor(readonly diagnostic: Diagnostic) {
    super(diagnostic.summary);
  }
}

/** Reads JSON as RFC 8259 has it. A text that is none has one diagnostic, an error, and no value. */
export function readJson(source: Source): {
  readonly value: Json | undefined;
  readonly diagnostics: readonly Diagnostic[];
} {
  const reader = new Reader(source);
  try {
    return { value: reader.document(), diagnostics: reader.diagnostics };
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return { value: undefined, diagnostics: [error.diagnostic] };
  }
}

class Reader {
  readonly diagnostics: Diagnostic[] = [];
  #at = 0;

  constructor(private readonly source: Source) {}

  document(): Json {
    const value = this.#value(0);
    this.#skip();
    if (this.#at < this.source.text.length)
      this.#fail('This follows the end of the document', 'A file is one JSON value.');
    return value;
  }

  #value(depth: number): Json {
    this.#skip();
    const start = this.#at;
    if (depth > DEPTH_LIMIT) this.#fail('Nested too deep', 'No file of Mesos is.');
    const next = this.source.text[start];
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#list(depth);
    if (next === '"') {
      const value = this.#string();
      return { kind: 'string', value, range: this.#range(start) };
    }
    const number = this.#take(NUMBER);
    if (number !== undefined)
      return { kind: 'number', value: Number(number), range: this.#range(start) };
    const word = this.#take(WORD);
    if (word === 'null') return { kind: 'null', range: this.#range(start) };
    if (word !== undefined)
      return { kind: 'boolean', value: word === 'true', range: this.#range(start) };
    return this.#fail(
      'A value is expected',
      'A value is a string in double quotes, a number, true, false, null, a list or an object.',
    );
  }

  #object(depth: number): Json {
    const start = this.#at;
    const members: Member[] = [];
    this.#each('}', start, () => {
      const keyStart = this.#at;
      if (this.source.text[keyStart] !== '"')
        this.#fail('A key in double quotes is expected', 'Members of an object are "key": value.');
      const key = this.#string();
      const keyRange = this.#range(keyStart);
      this.#skip();
      if (!this.#is(':')) this.#fail(`A colon is expected behind "${key}"`, 'Write "key": value.');
      if (members.some((one) => one.key === key))
        this.diagnostics.push(
          warningAt(keyRange, `"${key}" is written twice`, 'Mesos takes the last one.'),
        );
      members.push({ key, keyRange, value: this.#value(depth + 1) });
    });
    return { kind: 'object', members, range: this.#range(start) };
  }

  #list(depth: number): Json {
    const start = this.#at;
    const items: Json[] = [];
    this.#each(']', start, () => items.push(this.#value(depth + 1)));
    return { kind: 'list', items, range: this.#range(start) };
  }

  /** What stands between brackets, separated by commas. */
  #each(close: '}' | ']', start: number, one: () => void): void {
    this.#at++;
    this.#skip();
    if (this.#is(close)) return;
    for (;;) {
      this.#skip();
      if (this.#ends()) this.#cutShort(start);
      one();
      this.#skip();
      if (this.#is(close)) return;
      if (this.#ends()) this.#cutShort(start);
      if (!this.#is(','))
        this.#fail(`A comma or "${close}" is expected`, 'JSON separates what it lists by commas.');
    }
  }

  #string(): string {
    const text = this.#take(STRING);
    if (text !== undefined) return JSON.parse(text) as string;
    const rest = this.source.text.slice(this.#at);
    if (!/^"(?:[^"\\\n]|\\.)*"/.test(rest) && !rest.includes('\n')) this.#cutShort(this.#at);
    return this.#fail(
      'This string cannot be read',
      'It ends with a double quote on the same line; behind a backslash stand ", \\, /, b, f, n, r, t, or u and four digits.',
    );
  }

  #cutShort(start: number): never {
    throw new Mistake(
      errorAt(
        this.source.range(start, start + 1),
        'The file ends inside of this',
        'It was cut short, or a closing bracket is missing.',
      ),
    );
  }

  #ends(): boolean {
    return this.#at >= this.source.text.length;
  }

  #is(text: string): boolean {
    if (!this.source.text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #skip(): void {
    this.#take(SPACE);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.source.text) ?? [];
    this.#at += found?.length ?? 0;
    return found;
  }

  #range(start: number): Range {
    return this.source.range(start, this.#at);
  }

  #fail(summary: string, detail: string): never {
    const start = this.#at;
    if (this.#ends())
      throw new Mistake(
        errorAt(this.source.range(start, start), 'The file ends here', 'It was cut short.'),
      );
    this.#take(ANY_WORD);
    throw new Mistake(errorAt(this.#range(start), summary, detail));
  }
}
