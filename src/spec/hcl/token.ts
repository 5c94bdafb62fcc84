export type TokenType =
  | 'name'
  | 'string'
  | 'heredoc'
  | 'number'
  | 'bool'
  | '{'
  | '}'
  | '['
  | ']'
  | '='
  | ','
  | 'illegal'
  | 'end';

/** A mistake inside a token; told only if the parser gets to use the token. */
export interface Problem {
  readonly summary: string;
  readonly detail: string;
  /** Offsets. */
  readonly start: number;
  readonly end: number;
}

export interface Token {
  readonly type: TokenType;
  readonly start: number;
  readonly end: number;
  readonly problem?: Problem;
}

/** A token as a person would call it. */
export function nameToken(token: Token, text: string): string {
  switch (token.type) {
    case 'end':
      return 'the end of the file';
    case 'name':
    case 'bool':
    case 'number':
    case 'illegal':
      return `"${text.slice(token.start, token.end)}"`;
    case 'string':
      return 'a string';
    case 'heredoc':
      return 'a heredoc';
    default:
      return `"${token.type}"`;
  }
}
