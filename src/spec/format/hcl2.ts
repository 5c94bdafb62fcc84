import { tokenize } from '../hcl2/syntax/lexer.js';
import type { TokenType } from '../hcl2/syntax/token.js';
import type { FormatToken } from './token.js';

const KINDS: Partial<Record<TokenType, FormatToken['kind']>> = {
  word: 'name',
  number: 'number',
  newline: 'newline',
  'open-quote': 'quote',
  'close-quote': 'unquote',
  'quoted-text': 'literal',
  interpolation: 'template',
  directive: 'template',
  'close-template': 'template-end',
};

/** The pieces of a text that is HCL 2: what is computed in a string is taken apart too, heredocs are not. */
export function hcl2Tokens(text: string): FormatToken[] {
  const pieces: FormatToken[] = [];
  let heredocs = 0;
  let opened = 0;
  for (const { type, start, end } of tokenize(text)) {
    if (type === 'open-heredoc' && heredocs++ === 0) opened = start;
    if (type === 'close-heredoc' && --heredocs === 0)
      pieces.push({ kind: 'text', text: text.slice(opened, end) });
    else if (heredocs === 0 && type !== 'end')
      pieces.push(...pieceOf(type, text.slice(start, end)));
  }
  return pieces;
}

/** A comment takes the end of its line along. */
function pieceOf(type: TokenType, text: string): FormatToken[] {
  if (type !== 'comment') return [{ kind: KINDS[type] ?? 'sign', text }];
  if (text.startsWith('/*')) return [{ kind: 'block-comment', text }];
  const [newline = ''] = /\r?\n$/.exec(text) ?? [];
  const comment = {
    kind: 'line-comment',
    text: text.slice(0, text.length - newline.length),
  } as const;
  return newline === '' ? [comment] : [comment, { kind: 'newline', text: newline }];
}
