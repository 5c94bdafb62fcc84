import { tokenize } from './lexer.js';
import type { Source } from './source.js';
import type { Token, TokenType } from './token.js';

/** The tokens of a text, taken one by one, and the ways to go on behind a mistake. */
export class TokenStream {
  readonly #source: Source;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(source: Source) {
    this.#source = source;
    this.#tokens = tokenize(source.text);
  }

  /** The token that was taken last. */
  get last(): Token | undefined {
    return this.#tokens[this.#at - 1];
  }

  /** The next token, or one behind it; at the end the token of the end. */
  peek(ahead = 0): Token {
    const end = this.#tokens[this.#tokens.length - 1];
    return this.#tokens[this.#at + ahead] ?? end ?? { type: 'end', start: 0, end: 0 };
  }

  take(): Token {
    const token = this.peek();
    if (token.type !== 'end') this.#at++;
    return token;
  }

  text(token: Token): string {
    return this.#source.text.slice(token.start, token.end);
  }

  /** Gives up the rest. */
  skipAll(): void {
    this.#at = this.#tokens.length - 1;
  }

  /** Goes to where the next element of a list may begin. */
  skipElement(): void {
    let depth = 0;
    for (;;) {
      const { type } = this.peek();
      if (type === 'end' || type === '}' || type === '=') return;
      if (depth === 0 && (type === ',' || type === ']')) return;
      if (type === '[') depth++;
      if (type === ']') depth--;
      this.take();
    }
  }

  /** Goes to where the next item may begin. */
  skip(takeOne: boolean): void {
    const line = this.#source.lineAt(this.peek().start);
    let depth = 0;
    if (takeOne && !['{', '}', '['].includes(this.peek().type)) this.take();
    for (;;) {
      const token = this.peek();
      if (token.type === 'end' || (token.type === '}' && depth === 0)) return;
      if (depth === 0 && (token.type === ',' || this.beginsItem(token, line))) return;
      if (token.type === '{' || token.type === '[') depth++;
      if (token.type === '}' || token.type === ']') depth = Math.max(0, depth - 1);
      this.take();
    }
  }

  /** True for a key that begins a line below `line` and is followed by one of some tokens. */
  beginsItem(
    token: Token,
    line: number,
    followers: readonly TokenType[] = ['=', '{', 'name', 'string'],
  ): boolean {
    if (token.type !== 'name' && token.type !== 'string') return false;
    const own = this.#source.lineAt(token.start);
    const before = this.last;
    if (own <= line || (before !== undefined && this.#source.lineAt(before.end - 1) >= own))
      return false;
    const next = this.peek(1);
    return followers.includes(next.type) || (next.type === 'illegal' && this.text(next) === ':');
  }
}
