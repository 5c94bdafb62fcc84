export type TokenType =
  | 'word'
  | 'number'
  | 'newline'
  | 'comment'
  | 'end'
  /** A character or an operator, as it is written. */
  | Symbol
  /** A quote that opens or closes a string. */
  | 'open-quote'
  | 'close-quote'
  /** `<<EOF` with its line's end, and the marker that closes it. */
  | 'open-heredoc'
  | 'close-heredoc'
  /** A piece of the text of a string or of a heredoc. */
  | 'quoted-text'
  | 'heredoc-text'
  /** `${` or `%{`, and the brace that closes either; each with a `~` or without. */
  | 'interpolation'
  | 'directive'
  | 'close-template'
  /** Not of the language: the parser tells of it where it gets there. */
  | 'illegal';

type Symbol = (typeof SYMBOLS)[number];

/** The longer ones first. */
export const SYMBOLS = [
  '...',
  '==',
  '!=',
  '>=',
  '<=',
  '&&',
  '||',
  '::',
  '=>',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  '.',
  ',',
  '*',
  '/',
  '%',
  '+',
  '-',
  '=',
  '<',
  '>',
  '!',
  '?',
  ':',
] as const;

export interface Token {
  readonly type: TokenType;
  /** Offsets. */
  readonly start: number;
  readonly end: number;
}
