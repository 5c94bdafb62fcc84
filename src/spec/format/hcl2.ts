import type { FormatToken } from './token.js';

const BLANKS = /[ \t]+/y;
/** Each with the kind of piece that it is, in the order in which they are tried. */
const PIECES: ReadonlyArray<[kind: FormatToken['kind'], pattern: RegExp]> = [
  ['newline', /\r?\n/y],
  ['line-comment', /(?:#|\/\/)[^\n]*?(?=\r?\n|$)/y],
  ['block-comment', /\/\*[\s\S]*?\*\//y],
  [
    'text',
    /<<-?([\p{ID_Start}_][\p{ID_Continue}-]*)\r?\n(?:[^\n]*\n)*?[ \t\r\f\v]*\1[ \t\f\v]*(?=\r?\n|$)/uy,
  ],
  ['number', /\d(?:(?:\d|\.|[eE][+-]?\d)*(?:\d|[eE][+-]?\d))?/y],
  ['name', /[\p{ID_Start}_][\p{ID_Continue}-]*/uy],
  ['sign', /\.\.\.|==|!=|>=|<=|&&|\|\||::|=>|[\s\S]/uy],
];
const LITERAL = /(?:\\[^\r\n]|\$\$\{|%%\{|[$%](?!\{)|[^"\\$%\r\n])+/y;
const TEMPLATE = /[$%]\{~?/y;

/** The pieces of a text that is HCL 2: what is computed in a string is taken apart too, heredocs are not. */
export function hcl2Tokens(text: string): FormatToken[] {
  return new Scanner(text).scan();
}

class Scanner {
  readonly #text: string;
  readonly #pieces: FormatToken[] = [];
  #at = 0;
  /** For each template that is open, how many braces are open in it. */
  readonly #braces: number[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  scan(): FormatToken[] {
    while (this.#at < this.#text.length) {
      this.#match(BLANKS);
      const here = this.#text[this.#at];
      if (here === '"') {
        this.#take('quote', here);
        this.#string();
      } else if (
        this.#braces.at(-1) === 0 &&
        /^~?\}/.test(this.#text.slice(this.#at, this.#at + 2))
      )
        this.#closeTemplate();
      else this.#piece();
    }
    return this.#pieces;
  }

  #piece(): void {
    for (const [kind, pattern] of PIECES) {
      const text = this.#match(pattern);
      if (text === undefined) continue;
      const open = this.#braces.pop();
      if (open !== undefined) this.#braces.push(open + (kind === 'sign' ? change(text) : 0));
      this.#pieces.push({ kind, text });
      return;
    }
  }

  /** The brace behind which the string goes on. */
  #closeTemplate(): void {
    this.#braces.pop();
    this.#take('template-end', this.#text[this.#at] === '~' ? '~}' : '}');
    this.#string();
  }

  /** What stands in a string, up to its end or to a template. */
  #string(): void {
    const literal = this.#match(LITERAL);
    if (literal !== undefined) this.#pieces.push({ kind: 'literal', text: literal });
    const template = this.#match(TEMPLATE);
    if (template !== undefined) {
      this.#pieces.push({ kind: 'template', text: template });
      this.#braces.push(0);
    } else if (this.#text[this.#at] === '"') this.#take('unquote', '"');
  }

  #take(kind: FormatToken['kind'], text: string): void {
    this.#pieces.push({ kind, text });
    this.#at += text.length;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (!found) return undefined;
    this.#at += found.length;
    return found;
  }
}

function change(sign: string): number {
  if (sign === '{') return 1;
  return sign === '}' ? -1 : 0;
}
