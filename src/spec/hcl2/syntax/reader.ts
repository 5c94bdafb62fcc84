import { type Diagnostic, errorAt, type Range } from '../../diagnostic.js';
import type { Source } from '../../hcl/source.js';
import { tokenize } from './lexer.js';
import type { Token, TokenType } from './token.js';

/** No honest file is nested deeper, or has an expression with more steps in a row. */
const MAX_DEPTH = 200;
const MAX_STEPS = 1000;

/** Thrown behind a mistake that was reported; what is read next begins with the next item of a body. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/**
 * A text's tokens, taken one by one. Line ends count or do not, by what is around them, and comments never do;
 * one that ends with its line counts as the line's end.
 */
export class TokenReader {
  readonly diagnostics: Diagnostic[] = [];
  readonly #source: Source;
  readonly #tokens: readonly Token[];
  /** For each bracket that is open, how line ends count in it. */
  readonly #open: { readonly bracket: TokenType; readonly newlines: boolean }[] = [];
  #at = 0;
  #level = 0;

  constructor(source: Source) {
    this.#source = source;
    this.#tokens = tokenize(source.text);
  }

  get depth(): number {
    return this.#open.length;
  }

  peek(): Token {
    return this.#find(this.#at).token;
  }

  /** The token behind the next one. */
  peekSecond(): Token {
    return this.#find(this.#find(this.#at).next).token;
  }

  is(...types: readonly TokenType[]): boolean {
    return types.includes(this.peek().type);
  }

  isWord(word: string): boolean {
    return this.is('word') && this.text(this.peek()) === word;
  }

  take(): Token {
    const { token, next } = this.#find(this.#at);
    this.#at = next;
    return token;
  }

  /** Takes the next token if it is of a type. */
  takeIf(type: TokenType): boolean {
    if (!this.is(type)) return false;
    this.take();
    return true;
  }

  /** Reads a part of something: there is an end to how deep parts may lie in each other. */
  nested<T>(read: () => T): T {
    if (this.#level === MAX_DEPTH) this.#tooMuch();
    this.#level++;
    const result = read();
    this.#level--;
    return result;
  }

  /** Tells of a step too many in a row of operators or attributes. */
  countStep(steps: number): void {
    if (steps > MAX_STEPS) this.#tooMuch();
  }

  #tooMuch(): never {
    this.fail(
      this.range(this.peek()),
      'This is too large to be meant',
      'Give names to parts of an expression in locals.',
    );
  }

  /** Reads what stands in brackets, where line ends count or do not. */
  inside<T>(bracket: TokenType, newlines: boolean, read: () => T): T {
    this.#open.push({ bracket, newlines });
    const result = read();
    this.#open.pop();
    return result;
  }

  /** The token that was taken last. */
  last(): Token {
    return this.#tokens[this.#at - 1] ?? this.#end();
  }

  text(token: Token): string {
    return this.#source.text.slice(token.start, token.end);
  }

  range(token: Token): Range {
    return this.#source.range(token.start, token.end);
  }

  /** From where a token begins to where the last token that was taken ends. */
  rangeFrom(start: Token): Range {
    return this.#source.range(start.start, Math.max(start.end, this.last().end));
  }

  report(range: Range, summary: string, detail: string, guess?: string): void {
    this.diagnostics.push(errorAt(range, summary, detail, guess));
  }

  fail(range: Range, summary: string, detail: string, guess?: string): never {
    this.report(range, summary, detail, guess);
    throw new Unreadable();
  }

  /**
   * Goes on to where the next item of a body may begin. Brackets that were open at the mistake are followed to
   * their end, unless a line looks like an item, which cannot stand in them.
   */
  recover(depth: number): void {
    this.#level = 0;
    const open = this.#open.splice(depth).map(({ bracket }) => bracket);
    for (;;) {
      const raw = this.#tokens[this.#at];
      if (raw === undefined || raw.type === 'end') return;
      const innermost = open[open.length - 1];
      if (raw.type === '}' && innermost === undefined) return;
      this.#at++;
      if (raw.type === 'newline' || (raw.type === 'comment' && this.text(raw).endsWith('\n'))) {
        while (IN_LINE.includes(open[open.length - 1] ?? 'end')) open.pop();
        const around = open[open.length - 1];
        if (around === undefined || this.#beginsItem(around)) return;
      } else if (OPENERS.includes(raw.type)) open.push(raw.type);
      else if (CLOSERS.includes(raw.type)) open.pop();
    }
  }

  /** True where the line cannot go on with what is in an open bracket. */
  #beginsItem(bracket: TokenType): boolean {
    const [first, second] = this.#tokens.slice(this.#at, this.#at + 2);
    if (first?.type !== 'word' || second === undefined) return false;
    if (second.type === '{' || second.type === 'open-quote') return true;
    return second.type === '=' && bracket !== '{';
  }

  #find(from: number): { readonly token: Token; readonly next: number } {
    const newlines = this.#open[this.#open.length - 1]?.newlines ?? true;
    let next = from;
    for (; ; next++) {
      const token = this.#tokens[next];
      if (token === undefined) return { token: this.#end(), next: this.#tokens.length };
      const line = token.type === 'comment' && this.text(token).endsWith('\n');
      if (token.type === 'newline' || line) {
        if (newlines) return { token: { ...token, type: 'newline' }, next: next + 1 };
      } else if (token.type !== 'comment') return { token, next: next + 1 };
    }
  }

  #end(): Token {
    return this.#tokens[this.#tokens.length - 1] ?? { type: 'end', start: 0, end: 0 };
  }
}

const OPENERS: readonly TokenType[] = [
  '{',
  '[',
  '(',
  'open-quote',
  'open-heredoc',
  'interpolation',
  'directive',
];
/** What ends with its line, closed or not. */
const IN_LINE: readonly TokenType[] = ['open-quote', 'interpolation', 'directive'];
const CLOSERS: readonly TokenType[] = [
  '}',
  ']',
  ')',
  'close-quote',
  'close-heredoc',
  'close-template',
];
