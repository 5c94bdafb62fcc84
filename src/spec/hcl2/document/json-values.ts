import type { Source } from '../../hcl/source.js';
import { fromJson } from '../functions/json.js';
import type { Expression, ObjectOf } from '../syntax/tree.js';
import { LOST } from '../value/value.js';

const BLANKS = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Deeper is no file of values. */
const MAX_DEPTH = 100;

/** A text is not JSON. */
export class NotJson extends Error {
  override readonly name = 'NotJson';

  constructor(/** Where. */ readonly offset: number) {
    super('this is not JSON');
  }
}

/** The values in a JSON text, each with its place. Throws NotJson. */
export function jsonExpression(source: Source): Expression {
  const reader = new Reader(source);
  const expression = reader.value(0);
  reader.end();
  return expression;
}

class Reader {
  #at = 0;

  constructor(readonly source: Source) {}

  end(): void {
    this.#match(BLANKS);
    if (this.#at < this.source.text.length) throw new NotJson(this.#at);
  }

  value(depth: number): Expression {
    this.#match(BLANKS);
    const start = this.#at;
    if (depth > MAX_DEPTH) throw new NotJson(start);
    if (this.#take('[')) {
      const items = this.#until(']', () => this.value(depth + 1));
      return { kind: 'tuple', items, range: this.source.range(start, this.#at) };
    }
    if (this.#take('{')) {
      const entries = this.#until('}', () => this.#entry(depth + 1));
      return { kind: 'object', entries, range: this.source.range(start, this.#at) };
    }
    return this.#scalar(this.#match(STRING) ?? this.#match(SCALAR), start);
  }

  #entry(depth: number): ObjectOf['entries'][number] {
    this.#match(BLANKS);
    const start = this.#at;
    const key = this.#scalar(this.#match(STRING), start);
    this.#match(BLANKS);
    if (!this.#take(':')) throw new NotJson(this.#at);
    return { key, value: this.value(depth) };
  }

  #scalar(written: string | undefined, start: number): Expression {
    if (written === undefined) throw new NotJson(start);
    const range = this.source.range(start, this.#at);
    return { kind: 'literal', value: fromJson(written) ?? LOST, range };
  }

  #until<T>(closing: string, read: () => T): T[] {
    const found: T[] = [];
    this.#match(BLANKS);
    if (this.#take(closing)) return found;
    for (;;) {
      found.push(read());
      this.#match(BLANKS);
      if (this.#take(closing)) return found;
      if (!this.#take(',')) throw new NotJson(this.#at);
    }
  }

  #take(character: string): boolean {
    if (this.source.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.source.text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}
