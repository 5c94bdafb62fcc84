import { SYMBOLS, type Token, type TokenType } from './token.js';

const SPACES = /[ \t]+/y;
const NEWLINE = /\r?\n/y;
const COMMENT = /(?:#|\/\/)[^\n]*\n?|\/\*[\s\S]*?\*\//y;
const WORD = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
const NUMBER = /\d(?:(?:\d|\.|[eE][+-]?\d)*(?:\d|[eE][+-]?\d))?/y;
const HEREDOC = /<<-?([\p{ID_Start}_][\p{ID_Continue}-]*)\r?\n/uy;
const TEMPLATE = /[$%]\{~?/y;
/** A doubled sign before a brace, a sign before anything else, or text up to a sign, a quote or the line's end. */
const QUOTED_TEXT = /\$\$\{|%%\{|[$%](?!\{)|(?:\\[^\r\n]|[^$%"\\\r\n])+/y;
const HEREDOC_TEXT = /(?:\$\$\{|%%\{|[$%](?!\{)|[^$%\n]*)(?:\n)?/y;

/** What the text at a place is part of. */
type Mode =
  | {
      readonly kind: 'code' /** How many braces are open in a template's sequence. */;
      braces: number;
    }
  | { readonly kind: 'string' }
  | { readonly kind: 'heredoc'; readonly marker: string; lineStart: boolean };

/**
 * HCL 2's tokens. It never fails: what is no token is an illegal one. A string ends with its line, closed or
 * not, so that a forgotten quote does not swallow what is below.
 */
export function tokenize(text: string): Token[] {
  const lexer = new Lexer(text);
  lexer.run();
  return lexer.tokens;
}

class Lexer {
  readonly tokens: Token[] = [];
  readonly #text: string;
  readonly #modes: Mode[] = [{ kind: 'code', braces: 0 }];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): void {
    while (this.#at < this.#text.length) {
      const mode = this.#modes[this.#modes.length - 1];
      if (mode?.kind === 'string') this.#string();
      else if (mode?.kind === 'heredoc') this.#heredoc(mode);
      else this.#code(mode ?? { kind: 'code', braces: 0 });
    }
    this.#push('end', this.#text.length);
  }

  #code(mode: Mode & { kind: 'code' }): void {
    const spaces = this.#match(SPACES);
    if (spaces !== undefined) {
      this.#at = spaces;
      return;
    }
    const heredoc = this.#match(HEREDOC);
    if (heredoc !== undefined) {
      const marker = this.#text.slice(this.#at, heredoc).replace(/^<<-?|\s+$/g, '');
      this.#push('open-heredoc', heredoc);
      this.#modes.push({ kind: 'heredoc', marker, lineStart: true });
      return;
    }
    for (const [pattern, type] of [
      [COMMENT, 'comment'],
      [NEWLINE, 'newline'],
      [WORD, 'word'],
      [NUMBER, 'number'],
    ] as const) {
      const end = this.#match(pattern);
      if (end === undefined) continue;
      this.#push(type, end);
      return;
    }
    if (this.#text[this.#at] === '"') {
      this.#push('open-quote', this.#at + 1);
      this.#modes.push({ kind: 'string' });
    } else this.#symbol(mode);
  }

  #symbol(mode: Mode & { kind: 'code' }): void {
    const inTemplate = this.#modes.length > 1;
    const closing = this.#text.startsWith('~}', this.#at)
      ? 2
      : this.#text[this.#at] === '}'
        ? 1
        : 0;
    if (closing > 0 && inTemplate && mode.braces === 0) {
      this.#push('close-template', this.#at + closing);
      this.#modes.pop();
      return;
    }
    const symbol = SYMBOLS.find((candidate) => this.#text.startsWith(candidate, this.#at));
    if (symbol === '{') mode.braces++;
    if (symbol === '}') mode.braces--;
    if (symbol !== undefined) this.#push(symbol, this.#at + symbol.length);
    else this.#illegal();
  }

  #string(): void {
    const end = this.#match(QUOTED_TEXT);
    if (this.#template()) return;
    if (end !== undefined) this.#push('quoted-text', end);
    else if (this.#text[this.#at] === '"') {
      this.#push('close-quote', this.#at + 1);
      this.#modes.pop();
    } else if (this.#match(NEWLINE) !== undefined || this.#text[this.#at] === '\\')
      this.#leaveString();
    else this.#illegal();
  }

  /** A string that does not end: the parser sees what comes in place of its quote. */
  #leaveString(): void {
    if (this.#text[this.#at] === '\\') this.#illegal();
    while (this.#modes.length > 1 && this.#modes[this.#modes.length - 1]?.kind !== 'heredoc')
      this.#modes.pop();
  }

  #heredoc(mode: Mode & { kind: 'heredoc' }): void {
    if (this.#template()) {
      mode.lineStart = false;
      return;
    }
    const end = this.#match(HEREDOC_TEXT) ?? this.#at + 1;
    const piece = this.#text.slice(this.#at, end);
    if (mode.lineStart && piece.endsWith('\n') && piece.trim() === mode.marker) {
      const close = end - (piece.endsWith('\r\n') ? 2 : 1);
      this.#push('close-heredoc', close);
      this.#push('newline', end);
      this.#modes.pop();
      return;
    }
    mode.lineStart = piece.endsWith('\n');
    this.#push('heredoc-text', end);
  }

  #template(): boolean {
    const end = this.#match(TEMPLATE);
    if (end === undefined) return false;
    this.#push(this.#text[this.#at] === '$' ? 'interpolation' : 'directive', end);
    this.#modes.push({ kind: 'code', braces: 0 });
    return true;
  }

  #illegal(): void {
    const code = this.#text.codePointAt(this.#at) ?? 0;
    this.#push('illegal', this.#at + (code > 0xffff ? 2 : 1));
  }

  #push(type: TokenType, end: number): void {
    this.tokens.push({ type, start: this.#at, end });
    this.#at = end;
  }

  #match(pattern: RegExp): number | undefined {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text) ? pattern.lastIndex : undefined;
  }
}
