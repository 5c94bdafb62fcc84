/** A piece of a text that is written out as it is; only the blanks between pieces change. */
export interface FormatToken {
  readonly kind:
    | 'name'
    | 'number'
    /** A whole string or heredoc, which nothing is put into. */
    | 'text'
    /** A double quote that opens or closes a string, what stands in it, and `${`, `%{` and their brace. */
    | 'quote'
    | 'unquote'
    | 'literal'
    | 'template'
    | 'template-end'
    | 'line-comment'
    | 'block-comment'
    | 'newline'
    /** Punctuation and operators; the text tells which. */
    | 'sign';
  readonly text: string;
}

/** Brackets that a token opens, negative where it closes one. */
export function bracketsOf({ kind, text }: FormatToken): number {
  if (kind === 'template') return 1;
  if (kind === 'template-end') return -1;
  if (kind !== 'sign') return 0;
  if (text === '{' || text === '[' || text === '(') return 1;
  return text === '}' || text === ']' || text === ')' ? -1 : 0;
}
