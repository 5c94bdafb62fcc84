import { tokenize } from '../hcl/lexer.js';
import type { TokenType } from '../hcl/token.js';
import type { FormatToken } from './token.js';

const KINDS: Partial<Record<TokenType, FormatToken['kind']>> = {
  name: 'name',
  bool: 'name',
  number: 'number',
  string: 'text',
  heredoc: 'text',
};

const BETWEEN =
  /(?<newline>\r\n|\n|\r)|(?<line>(?:#|\/\/)[^\n]*?(?=\r?\n|$))|(?<block>\/\*[\s\S]*?\*\/)/g;

/** The pieces of a text that is HCL 1: a string is one piece, since nothing in it is ever computed. */
export function hcl1Tokens(text: string): FormatToken[] {
  const pieces: FormatToken[] = [];
  let at = 0;
  for (const { type, start, end } of tokenize(text)) {
    pieces.push(...between(text.slice(at, start)));
    at = end;
    if (type === 'end') break;
    const written = text.slice(start, end);
    // A heredoc takes the end of its last line along.
    const [newline = ''] = (type === 'heredoc' && /\r?\n$/.exec(written)) || [];
    pieces.push({
      kind: KINDS[type] ?? 'sign',
      text: written.slice(0, written.length - newline.length),
    });
    if (newline !== '') pieces.push({ kind: 'newline', text: newline });
  }
  return pieces;
}

/** Comments and line ends, which the reader of values leaves out. */
function between(text: string): FormatToken[] {
  return [...text.matchAll(BETWEEN)].map(({ groups = {} }) => {
    if (groups.newline !== undefined) return { kind: 'newline', text: groups.newline };
    return groups.line === undefined
      ? { kind: 'block-comment', text: groups.block ?? '' }
      : { kind: 'line-comment', text: groups.line };
  });
}
