import { type Diagnostic, errorAt, warningAt } from '../diagnostic.js';
import type { Body, Item, Value } from './ast.js';
import { flatten } from './flatten.js';
import { type JsonToken, tokenizeJson } from './json-lexer.js';
import { integerOf, numberOf } from './numbers.js';
import { unquote } from './quote.js';
import type { Source } from './source.js';

const DEPTH_LIMIT = 100;

/**
 * Reads JSON as HCL 1 does, with its leniences: a trailing comma, braces missing at the end and keys that
 * repeat are taken. What that reader leaves out in silence is a warning, and half a member is an error.
 */
export class JsonParser {
  readonly #source: Source;
  readonly #tokens: readonly JsonToken[];
  readonly diagnostics: Diagnostic[] = [];
  #at = 0;
  #depth = 0;
  /** Where a mistake leaves no sure way to go on, the rest is not read. */
  #stopped = false;

  constructor(source: Source) {
    this.#source = source;
    this.#tokens = tokenizeJson(source.text);
  }

  file(): Body {
    const root = this.#object();
    const rest = this.#peek();
    if (!this.#stopped && rest.type !== 'end')
      this.diagnostics.push(
        warningAt(
          this.#source.range(rest.start, rest.end),
          'What follows the object is left out',
          'A specification is one JSON object; nothing behind its last brace is read.',
        ),
      );
    return flatten(root);
  }

  #peek(): JsonToken {
    return this.#tokens[this.#at] ?? { type: 'end', start: 0, end: 0 };
  }

  #take(): JsonToken {
    const token = this.#peek();
    if (token.type !== 'end') this.#at++;
    return token;
  }

  #text(token: JsonToken): string {
    return this.#source.text.slice(token.start, token.end);
  }

  #error(token: JsonToken, summary: string, detail: string): void {
    const { start, end } = token.problem ?? token;
    this.diagnostics.push(
      errorAt(
        this.#source.range(start, end),
        token.problem?.summary ?? summary,
        token.problem?.detail ?? detail,
      ),
    );
  }

  /** A mistake behind which nothing can be told apart. */
  #stop(token: JsonToken, summary: string, detail: string): void {
    if (!this.#stopped) this.#error(token, summary, detail);
    this.#stopped = true;
    this.#at = this.#tokens.length - 1;
  }

  #object(): Body {
    const open = this.#take();
    const items: Item[] = [];
    let complete = false;
    this.#depth++;
    while (!this.#stopped) {
      if (this.#peek().type === '}') {
        this.#take();
        complete = true;
        break;
      }
      if (this.#peek().type === 'end') {
        this.#missingBrace(open);
        break;
      }
      items.push(...this.#member());
    }
    this.#depth--;
    const end = this.#tokens[this.#at - 1]?.end ?? open.end;
    const range = this.#source.range(open.start, Math.max(end, open.end));
    return { items, range, complete };
  }

  /** Nomad's reader takes missing braces; but where two are missing, part of the file is. */
  #missingBrace(open: JsonToken): void {
    if (this.#depth > 1) {
      this.#stop(
        open,
        'The file ends inside this object',
        `${this.#depth} closing braces are missing; is the file cut short?`,
      );
      return;
    }
    this.diagnostics.push(
      warningAt(
        this.#source.range(open.start, open.end),
        'The last "}" is missing',
        'Nomad takes that; is the file cut short?',
      ),
    );
  }

  #member(): Item[] {
    const key = this.#peek();
    if (key.type !== 'string' || key.problem !== undefined) {
      this.#stop(
        key,
        `A key in double quotes is expected, not ${this.#name(key)}`,
        'The members of a JSON object are "key": value, separated by commas.',
      );
      return [];
    }
    this.#take();
    const keyRange = this.#source.range(key.start, key.end);
    const name = this.#string(key);
    const colon = this.#peek();
    const item = (value: Value): Item => ({
      kind: 'attribute',
      key: name.kind === 'string' ? name.value : this.#text(key),
      keyRange,
      value,
      range: this.#source.range(key.start, Math.max(key.end, value.range.end.offset)),
    });
    if (colon.type !== ':') {
      this.#noColon(key, colon);
      return [item({ kind: 'invalid', range: keyRange })];
    }
    this.#take();
    const value = this.#value(key);
    this.#afterMember();
    return [item(value)];
  }

  #noColon(key: JsonToken, found: JsonToken): void {
    if (found.type === 'end')
      this.#stop(
        key,
        `The file ends behind the key ${this.#text(key)}`,
        'A colon and a value are missing; is the file cut short?',
      );
    else
      this.#stop(
        found,
        `A colon is expected behind the key ${this.#text(key)}, not ${this.#name(found)}`,
        'The members of a JSON object are "key": value, separated by commas.',
      );
  }

  #afterMember(): void {
    const token = this.#peek();
    if (this.#stopped || token.type === '}' || token.type === 'end') return;
    if (token.type === ',') {
      this.#take();
      return;
    }
    if (token.type === 'string' && token.problem === undefined) {
      this.#error(token, 'A comma is missing before this key', 'Nomad would leave out the rest.');
      return;
    }
    this.#stop(
      token,
      `A comma or "}" is expected, not ${this.#name(token)}`,
      'The members of a JSON object are separated by commas.',
    );
  }

  #value(key: JsonToken): Value {
    const token = this.#peek();
    const range = this.#source.range(token.start, token.end);
    if (token.problem !== undefined) {
      if (token.type === 'string') this.#error(this.#take(), '', '');
      else this.#stop(token, '', '');
      return { kind: 'invalid', range };
    }
    switch (token.type) {
      case 'string':
        return this.#string(this.#take());
      case 'number':
        return this.#number(this.#take());
      case 'bool':
        this.#take();
        return { kind: 'bool', value: this.#text(token) === 'true', raw: this.#text(token), range };
      case 'null':
        this.#take();
        return { kind: 'string', value: '', raw: '', heredoc: false, range };
      case '{':
      case '[':
        if (this.#depth >= DEPTH_LIMIT) break;
        return token.type === '{' ? this.#nested() : this.#list();
      case 'end':
        this.#stop(
          key,
          `The file ends behind the key ${this.#text(key)}`,
          'A value is missing; is the file cut short?',
        );
        return { kind: 'invalid', range };
      default:
    }
    this.#stop(
      token,
      this.#depth >= DEPTH_LIMIT
        ? 'Nested too deep'
        : `A value is expected behind ${this.#text(key)}, not ${this.#name(token)}`,
      'A value is a string, a number, true, false, null, a list or an object.',
    );
    return { kind: 'invalid', range };
  }

  #nested(): Value {
    const body = this.#object();
    return { kind: 'object', body, range: body.range };
  }

  #string(token: JsonToken): Value {
    const raw = this.#text(token);
    const range = this.#source.range(token.start, token.end);
    const value = unquote(raw, 'json');
    if (value !== undefined) return { kind: 'string', value, raw, heredoc: false, range };
    this.#error(
      token,
      'This string cannot be read',
      "Nomad's JSON reader knows no surrogates (\\ud83d\\ude00): write the character itself.",
    );
    return { kind: 'invalid', range };
  }

  #number(token: JsonToken): Value {
    const raw = this.#text(token);
    const range = this.#source.range(token.start, token.end);
    const value = { kind: 'number', raw, integer: !/[.eE]/.test(raw), range } as const;
    const leadingZero = /^-?0\d/.test(raw);
    if (!leadingZero && (value.integer ? integerOf(value) : numberOf(value)) !== undefined)
      return value;
    this.#error(
      token,
      `${raw} is not a number that can be used`,
      leadingZero
        ? 'A number in JSON does not begin with 0.'
        : 'Whole numbers have 64 bits; write others as a string.',
    );
    return { kind: 'invalid', range };
  }

  /** HCL 1 wants no commas here, reads neither booleans nor lists, and takes the rest in order. */
  #list(): Value {
    const open = this.#take();
    const items: Value[] = [];
    this.#depth++;
    while (!this.#stopped) {
      const token = this.#peek();
      if (token.type === ']') break;
      if (token.type === ',') this.#take();
      else if (token.type === 'string' || token.type === 'number' || token.type === '{')
        items.push(this.#value(open));
      else if (token.type === 'bool') this.#leaveOut(this.#take());
      else this.#badElement(open, token);
    }
    this.#depth--;
    const close = this.#stopped ? open : this.#take();
    return { kind: 'list', items, range: this.#source.range(open.start, close.end) };
  }

  #leaveOut(token: JsonToken): void {
    this.diagnostics.push(
      warningAt(
        this.#source.range(token.start, token.end),
        `${this.#text(token)} is left out`,
        'HCL 1 reads no booleans in a JSON list. Write it in double quotes.',
      ),
    );
  }

  #badElement(open: JsonToken, token: JsonToken): void {
    if (token.type === 'end')
      this.#stop(
        open,
        'This "[" is never closed',
        'The file ends before its "]"; is it cut short?',
      );
    else
      this.#stop(
        token,
        `${this.#name(token)} cannot stand in a list`,
        'The elements of a list are strings, numbers and objects.',
      );
  }

  #name(token: JsonToken): string {
    if (token.type === 'end') return 'the end of the file';
    return token.type === 'string' ? this.#text(token) : `"${this.#text(token)}"`;
  }
}
