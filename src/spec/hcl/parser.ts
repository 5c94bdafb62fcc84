import { type Diagnostic, errorAt, spanning } from '../diagnostic.js';
import { attributeOf, type Body, blockOf, type Item, type Key, type Value } from './ast.js';
import { bareWord } from './illegal.js';
import { literalOf } from './literal.js';
import type { Source } from './source.js';
import { nameToken, type Token } from './token.js';
import { TokenStream } from './token-stream.js';

/** Deeper nesting than any specification has; without a limit a hostile file would exhaust the stack. */
const DEPTH_LIMIT = 100;

/** Reads HCL 1. It goes on behind a mistake, so that all of them are reported at once. */
export class Parser {
  readonly #source: Source;
  readonly #tokens: TokenStream;
  readonly diagnostics: Diagnostic[] = [];
  #depth = 0;
  /** True where the rest was given up. */
  tooDeep = false;

  constructor(source: Source) {
    this.#source = source;
    this.#tokens = new TokenStream(source);
  }

  file(): Body {
    const items = this.#items(true);
    return {
      items,
      range: this.#source.range(0, this.#source.text.length),
      complete: this.#tokens.peek().problem === undefined,
    };
  }

  #report(start: number, end: number, summary: string, detail: string): void {
    this.diagnostics.push(errorAt(this.#source.range(start, end), summary, detail));
  }

  /** Reports a token that cannot stand where it does, by its own mistake if it has one. */
  #refuse(token: Token, summary: string, detail: string): void {
    const { start, end } = token.problem ?? token;
    this.#report(
      start,
      Math.max(end, start + (token.type === 'end' ? 0 : 1)),
      token.problem?.summary ?? summary,
      token.problem?.detail ?? detail,
    );
  }

  #items(top: boolean): Item[] {
    const items: Item[] = [];
    for (;;) {
      const token = this.#tokens.peek();
      if (token.type === 'end') {
        if (top && token.problem !== undefined) this.#refuse(token, '', '');
        return items;
      }
      if (token.type === '}') {
        if (!top) return items;
        this.#refuse(
          this.#tokens.take(),
          'This brace closes nothing',
          'Every "}" has a "{" before it; remove this one, or open the block it was meant for.',
        );
        continue;
      }
      const item = this.#item();
      if (item !== undefined) items.push(item);
      if (this.#tokens.peek().type === ',') this.#tokens.take();
    }
  }

  #item(): Item | undefined {
    const keys = this.#keys();
    const token = this.#tokens.peek();
    const [first, ...labels] = keys;
    if (first === undefined) {
      this.#refuse(
        token,
        `${nameToken(token, this.#source.text)} where a key is expected`,
        'A key is a name or a quoted string; "=" and a value follow, or a block in braces.',
      );
      this.#tokens.skip(true);
      return undefined;
    }
    if (token.type === '{') {
      const value = this.#object();
      if (value.kind !== 'object') return this.#unread(first);
      return blockOf([first, ...labels], value.body, spanning(first.range, value.range));
    }
    const colon = token.type === 'illegal' && this.#tokens.text(token) === ':';
    if (token.type === '=' || colon) {
      if (colon) this.#refuse(token, '', '');
      this.#tokens.take();
      return this.#assigned([first, ...labels]);
    }
    this.#withoutValue([first, ...labels], token);
    return this.#unread(first);
  }

  #keys(): Key[] {
    const keys: Key[] = [];
    for (;;) {
      const token = this.#tokens.peek();
      if (token.type !== 'name' && token.type !== 'string') return keys;
      if (token.problem !== undefined && keys.length > 0) return keys;
      this.#tokens.take();
      if (token.problem !== undefined) this.#refuse(token, '', '');
      keys.push({ value: this.#keyText(token), range: this.#source.range(token.start, token.end) });
    }
  }

  #keyText(token: Token): string {
    if (token.type === 'name' || token.problem !== undefined) return this.#tokens.text(token);
    const value = literalOf(token, this.#source, (diagnostic) => this.diagnostics.push(diagnostic));
    return value.kind === 'string' ? value.value : this.#tokens.text(token);
  }

  /** Behind "=". More than one key there is a mistake: the last one is taken where it begins a line. */
  #assigned(keys: readonly [Key, ...Key[]]): Item | undefined {
    const last = keys[keys.length - 1] ?? keys[0];
    const before = keys[keys.length - 2];
    if (before !== undefined) {
      const ownLine = last.range.start.line > before.range.end.line;
      const end = (ownLine ? before : last).range.end.offset;
      this.#report(
        keys[0].range.start.offset,
        end,
        ownLine ? `"${keys[0].value}" has no value` : 'One key stands before "="',
        ownLine
          ? 'A key is followed by "=" and a value, or by a block in braces.'
          : 'Labels stand before a block only: key "label" { … }.',
      );
      const value = this.#value();
      return ownLine ? this.#attribute(last, value) : this.#unread(keys[0]);
    }
    return this.#attribute(last, this.#value());
  }

  #attribute(key: Key, value: Value): Item {
    return attributeOf(key, value, spanning(key.range, value.range));
  }

  /** An item whose value is lost: later checks shall not say that its key is missing. */
  #unread(key: Key): Item {
    return this.#attribute(key, { kind: 'invalid', range: key.range });
  }

  #withoutValue(keys: readonly [Key, ...Key[]], token: Token): void {
    if (token.problem !== undefined) {
      this.#refuse(token, '', '');
      if (token.type === 'end') return;
    } else {
      this.#report(
        keys[0].range.start.offset,
        (keys[keys.length - 1] ?? keys[0]).range.end.offset,
        `"${keys[0].value}" has no value`,
        `"=" and a value, or a block in braces, is expected behind it; ${nameToken(token, this.#source.text)} follows.`,
      );
    }
    this.#tokens.skip(token.type === 'illegal');
  }

  #value(): Value {
    const token = this.#tokens.peek();
    switch (token.type) {
      case 'string':
      case 'heredoc':
      case 'number':
      case 'bool':
        return this.#literal(this.#tokens.take());
      case '{':
        return this.#object();
      case '[':
        return this.#list();
      default: {
        const assign = this.#tokens.last ?? token;
        if (this.#tokens.beginsItem(token, this.#source.lineAt(assign.start), ['=', '{'])) {
          this.#report(
            assign.start,
            assign.end,
            'Nothing follows this "="',
            'A value is expected on the same line; the next line is another item.',
          );
          return { kind: 'invalid', range: this.#source.range(assign.start, assign.end) };
        }
        const range = this.#source.range(token.start, token.end);
        this.#refuse(token, ...this.#noValue(token));
        this.#tokens.skip(false);
        return { kind: 'invalid', range };
      }
    }
  }

  #literal(token: Token): Value {
    if (token.problem !== undefined) {
      this.#refuse(token, '', '');
      return { kind: 'invalid', range: this.#source.range(token.start, token.end) };
    }
    const next = this.#tokens.peek();
    if (token.type === 'number' && next.type === 'name' && next.start === token.end) {
      this.#tokens.take();
      const word = this.#source.text.slice(token.start, next.end);
      this.#report(token.start, next.end, `${word} needs quotes`, `Write "${word}".`);
      return { kind: 'invalid', range: this.#source.range(token.start, next.end) };
    }
    return literalOf(token, this.#source, (diagnostic) => this.diagnostics.push(diagnostic));
  }

  #noValue(token: Token): [summary: string, detail: string] {
    const word = this.#tokens.text(token);
    if (token.type !== 'name')
      return [
        `A value is expected, not ${nameToken(token, this.#source.text)}`,
        'A value is a string in double quotes, a number, true, false, a list in brackets or a block in braces.',
      ];
    const follows = this.#tokens.peek(1);
    if (word.includes('.') || (follows.type === 'illegal' && this.#tokens.text(follows) === '('))
      return [
        `"${word}" is an expression`,
        'Expressions are not evaluated in this version: there are no variables and no functions. Write the value itself.',
      ];
    return bareWord(word);
  }

  #object(): Value {
    const open = this.#tokens.take();
    if (this.#depth >= DEPTH_LIMIT) return this.#tooDeep(open);
    this.#depth++;
    const items = this.#items(false);
    this.#depth--;
    const close = this.#tokens.take();
    const complete = close.type === '}';
    if (!complete) this.#unclosed(open, '}');
    const range = this.#source.range(open.start, close.end);
    return { kind: 'object', body: { items, range, complete }, range };
  }

  #unclosed(open: Token, close: string): void {
    if (this.tooDeep) return;
    this.#report(
      open.start,
      open.end,
      `This "${this.#tokens.text(open)}" is never closed`,
      `Its "${close}" is missing; is the file cut short?`,
    );
  }

  #tooDeep(open: Token): Value {
    this.#report(
      open.start,
      open.end,
      'Nested too deep',
      `Blocks and lists stand in one another ${DEPTH_LIMIT} times at most.`,
    );
    this.tooDeep = true;
    this.#tokens.skipAll();
    return { kind: 'invalid', range: this.#source.range(open.start, open.end) };
  }

  #list(): Value {
    const open = this.#tokens.take();
    if (this.#depth >= DEPTH_LIMIT) return this.#tooDeep(open);
    this.#depth++;
    const items = this.#elements(open);
    this.#depth--;
    const end = this.#tokens.last?.end ?? open.end;
    return { kind: 'list', items, range: this.#source.range(open.start, end) };
  }

  #elements(open: Token): Value[] {
    const items: Value[] = [];
    const line = this.#source.lineAt(open.start);
    let needsComma = false;
    for (;;) {
      const token = this.#tokens.peek();
      if (this.#tokens.beginsItem(token, line, ['=', '{'])) {
        this.#unclosed(open, ']');
        return items;
      }
      if (token.type === ']') {
        this.#tokens.take();
        return items;
      }
      if (token.type === 'end' || token.type === '}' || token.type === '=') {
        this.#unclosed(open, ']');
        if (token.type === '=') this.#tokens.skip(false);
        return items;
      }
      if (token.type === ',') {
        this.#tokens.take();
        needsComma = false;
        continue;
      }
      if (needsComma)
        this.#report(
          token.start,
          token.end,
          'A comma is missing',
          'The elements of a list are separated by commas.',
        );
      const item = this.#element(token);
      items.push(item);
      // After a list in a list HCL 1 asks for no comma.
      needsComma = item.kind !== 'list' && item.kind !== 'invalid';
    }
  }

  #element(token: Token): Value {
    if (token.type !== 'name' && token.type !== 'illegal') return this.#value();
    this.#refuse(token, ...this.#noValue(token));
    this.#tokens.take();
    this.#tokens.skipElement();
    return { kind: 'invalid', range: this.#source.range(token.start, token.end) };
  }
}
