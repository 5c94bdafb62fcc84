import { type Diagnostic, errorAt, type Range } from '../diagnostic.js';
import { attributeOf, type Body, blockOf, type Item, type Key, type Value } from '../hcl/ast.js';
import { bareWord } from '../hcl/illegal.js';
import { integerOf, numberOf } from '../hcl/numbers.js';
import type { Source } from '../hcl/source.js';
import { Cursor } from './cursor.js';
import { readHeredoc, readTemplate, type Template } from './template.js';

const LOST = Symbol('lost');

const COMMENT = /#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const INLINE_BLANKS = /[ \t\r]+/y;
const ALL_BLANKS = /[ \t\r\n]+/y;
const WORD = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
const NUMBER = /-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const OPERATOR = /[-+*/%=!<>&|?.[(]|:(?!=)/y;

const BARE_WORD = /^[\p{ID_Start}_][\p{ID_Continue}-]*$/u;

export interface Hcl2 {
  readonly body: Body;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a text that is known to be HCL 2. Literal values, lists, objects and strings without templates come
 * out as HCL 1's would; what must be computed is an error at its place. A key set to null is absent. Undefined
 * where this reader cannot follow the text.
 */
export function parseHcl2(source: Source): Hcl2 | undefined {
  const reader = new Reader(source);
  try {
    return { body: reader.file(), diagnostics: reader.diagnostics };
  } catch (error) {
    if (error !== LOST) throw error;
    return undefined;
  }
}

class Reader {
  readonly diagnostics: Diagnostic[] = [];
  readonly #source: Source;
  readonly #cursor: Cursor;

  constructor(source: Source) {
    this.#source = source;
    this.#cursor = new Cursor(source.text);
  }

  file(): Body {
    const items = this.#items();
    if (!this.#cursor.done) throw LOST;
    return { items, range: this.#rangeFrom(0), complete: true };
  }

  #rangeFrom(start: number): Range {
    return this.#source.range(start, this.#cursor.at);
  }

  /** Attributes and blocks up to a closing brace or the end, neither of which is taken. */
  #items(): Item[] {
    const items: Item[] = [];
    for (;;) {
      this.#skip(ALL_BLANKS);
      if (this.#cursor.done || this.#cursor.here === '}') return items;
      items.push(...this.#item());
    }
  }

  #item(): Item[] {
    const start = this.#cursor.at;
    const first = this.#word();
    const labels: Key[] = [];
    for (this.#skip(INLINE_BLANKS); this.#cursor.here !== '{'; this.#skip(INLINE_BLANKS)) {
      if (labels.length === 0 && this.#cursor.take('=')) {
        const value = this.#expression(INLINE_BLANKS);
        return value === null ? [] : [attributeOf(first, value, this.#rangeFrom(start))];
      }
      labels.push(this.#cursor.here === '"' ? this.#label() : this.#word());
    }
    const open = this.#cursor.at++;
    const items = this.#items();
    if (!this.#cursor.take('}')) throw LOST;
    const body: Body = { items, range: this.#rangeFrom(open), complete: true };
    return [blockOf([first, ...labels], body, this.#rangeFrom(start))];
  }

  #word(): Key {
    const start = this.#cursor.at;
    const value = this.#cursor.match(WORD);
    if (value === undefined) throw LOST;
    return { value, range: this.#rangeFrom(start) };
  }

  #label(): Key {
    const start = this.#cursor.at;
    const { text } = this.#found(readTemplate(this.#cursor));
    return { value: text, range: this.#rangeFrom(start) };
  }

  /** A value, or null. What must be computed is reported and invalid. */
  #expression(blanks: RegExp): Value | null {
    this.#skip(blanks);
    const start = this.#cursor.at;
    const value = this.#value();
    const end = this.#cursor.at;
    this.#skip(blanks);
    OPERATOR.lastIndex = this.#cursor.at;
    if (value !== 'computed' && !OPERATOR.test(this.#source.text)) {
      this.#cursor.at = end;
      return value;
    }
    this.#skipBalanced(blanks === ALL_BLANKS ? /[,\]})]/ : /[,\]})\n]/);
    const written = this.#source.text.slice(start, this.#cursor.at);
    return this.#computed(start, start + written.trimEnd().length);
  }

  #computed(start: number, end: number): Value {
    const range = this.#source.range(start, end);
    const written = this.#source.text.slice(start, end);
    if (BARE_WORD.test(written)) {
      this.diagnostics.push(errorAt(range, ...bareWord(written)));
      return { kind: 'invalid', range };
    }
    this.diagnostics.push(
      errorAt(
        range,
        'This value would have to be computed',
        'Expressions are not evaluated in this version: there are no variables, functions and operators. Write the value itself.',
      ),
    );
    return { kind: 'invalid', range };
  }

  #value(): Value | null | 'computed' {
    const cursor = this.#cursor;
    const start = cursor.at;
    switch (cursor.here) {
      case '"':
        return this.#text(start, readTemplate(cursor), false);
      case '<':
        return this.#text(start, readHeredoc(cursor), true);
      case '[':
        return this.#list();
      case '{':
        return this.#object();
    }
    const number = cursor.match(NUMBER);
    if (number !== undefined) return this.#number(start, number);
    const word = cursor.match(WORD);
    if (word === 'null') return null;
    return word === 'true' || word === 'false'
      ? { kind: 'bool', value: word === 'true', raw: word, range: this.#rangeFrom(start) }
      : 'computed';
  }

  #text(start: number, found: Template | undefined, heredoc: boolean): Value {
    const { text, computed } = this.#found(found);
    if (computed) return this.#computed(start, this.#cursor.at);
    return {
      kind: 'string',
      value: text,
      raw: `"${text}"`,
      heredoc,
      range: this.#rangeFrom(start),
    };
  }

  /** HCL 2 has decimal numbers only: a leading zero means nothing. */
  #number(start: number, written: string): Value {
    const range = this.#rangeFrom(start);
    const raw = written.replace(/^(-?)0+(?=\d)/, '$1');
    const value = { kind: 'number', raw, integer: !/[.eE]/.test(raw), range } as const;
    if ((value.integer ? integerOf(value) : numberOf(value)) !== undefined) return value;
    this.diagnostics.push(
      errorAt(
        range,
        `${written} is not a number that can be used`,
        'Whole numbers have 64 bits; write others as a string.',
      ),
    );
    return { kind: 'invalid', range };
  }

  #found(template: Template | undefined): Template {
    if (template === undefined) throw LOST;
    return template;
  }

  #list(): Value | 'computed' {
    const start = this.#cursor.at++;
    if (this.#isFor()) return 'computed';
    const items: Value[] = [];
    for (this.#skip(ALL_BLANKS); !this.#cursor.take(']'); this.#skip(ALL_BLANKS)) {
      const element = this.#cursor.at;
      const value = this.#expression(ALL_BLANKS);
      items.push(value ?? this.#nullElement(element));
      this.#skip(ALL_BLANKS);
      if (!this.#cursor.take(',') && this.#cursor.here !== ']') throw LOST;
    }
    return { kind: 'list', items, range: this.#rangeFrom(start) };
  }

  #nullElement(start: number): Value {
    const range = this.#source.range(start, start + 'null'.length);
    this.diagnostics.push(errorAt(range, 'There is no null in a list', 'Leave the element out.'));
    return { kind: 'invalid', range };
  }

  #object(): Value | 'computed' {
    const start = this.#cursor.at++;
    if (this.#isFor()) return 'computed';
    const items: Item[] = [];
    for (this.#skip(ALL_BLANKS); !this.#cursor.take('}'); this.#skip(ALL_BLANKS)) {
      const begin = this.#cursor.at;
      const key = this.#objectKey();
      this.#skip(ALL_BLANKS);
      if (!this.#cursor.take('=') && !this.#cursor.take(':')) throw LOST;
      this.#skip(ALL_BLANKS);
      const value = this.#expression(INLINE_BLANKS);
      if (key !== undefined && value !== null)
        items.push(attributeOf(key, value, this.#rangeFrom(begin)));
      this.#skip(INLINE_BLANKS);
      if (!this.#cursor.take(',') && !['}', '\n'].includes(this.#cursor.here)) throw LOST;
    }
    const range = this.#rangeFrom(start);
    return { kind: 'object', body: { items, range, complete: true }, range };
  }

  #objectKey(): Key | undefined {
    const start = this.#cursor.at;
    if (this.#cursor.here === '"') {
      const { text, computed } = this.#found(readTemplate(this.#cursor));
      if (computed) this.#computed(start, this.#cursor.at);
      return { value: text, range: this.#rangeFrom(start) };
    }
    const value = this.#cursor.match(WORD) ?? this.#cursor.match(NUMBER);
    const range = this.#rangeFrom(start);
    this.#skip(INLINE_BLANKS);
    if (value !== undefined && /[=:]/.test(this.#cursor.here)) return { value, range };
    this.#cursor.at = start;
    this.#skipBalanced(/[=:]/);
    this.#computed(start, this.#cursor.at);
    return undefined;
  }

  #isFor(): boolean {
    const { at } = this.#cursor;
    this.#skip(ALL_BLANKS);
    const found = this.#cursor.match(WORD) === 'for' && /\s/.test(this.#cursor.here);
    this.#cursor.at = at;
    return found;
  }

  /** Goes on to a character that ends an expression, over brackets, strings and comments. */
  #skipBalanced(stop: RegExp): void {
    const cursor = this.#cursor;
    // A `for` was recognised behind its opening bracket, which is open.
    let open = /[[{]/.test(cursor.text[cursor.at - 1] ?? '') ? 1 : 0;
    while (!cursor.done) {
      if (open === 0 && stop.test(cursor.here)) return;
      if (cursor.match(COMMENT) !== undefined) continue;
      if (cursor.here === '"') this.#found(readTemplate(cursor));
      else if (cursor.startsWith('<<')) this.#found(readHeredoc(cursor));
      else {
        if (/[[{(]/.test(cursor.here)) open++;
        if (/[\]})]/.test(cursor.here)) open--;
        cursor.at += cursor.here.length;
      }
    }
  }

  #skip(blanks: RegExp): void {
    while (this.#cursor.match(blanks) !== undefined || this.#cursor.match(COMMENT) !== undefined);
  }
}
