import { scanHeredoc } from './heredoc.js';
import { describeIllegal } from './illegal.js';
import { scanString } from './quote.js';
import type { Problem, Token, TokenType } from './token.js';

/** A zero byte is no space, but it is reported where the file is decoded. */
const SPACE = /[ \t\n\r\0]+/y;
const NAME = /[\p{L}_][\p{L}\p{Nd}_.-]*/uy;
const NUMBER =
  /-?(?:0[xX][0-9a-fA-F]*|\d+\.\d*(?:[eE][+-]?\d*)?|\d+[eE][+-]?\d*|\d+)|\.\d+(?:[eE][+-]?\d*)?/y;
const LINE_COMMENT = /(?:#|\/\/)[^\n]*/y;
const PUNCTUATION = '{}[]=,';

/** HCL 1's tokens, comments left out. It never fails: what is no token is an illegal one. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = text.startsWith('\ufeff') ? 1 : 0;
  let problem: Problem | undefined;
  for (;;) {
    at = match(SPACE, text, at) ?? at;
    if (at >= text.length) break;
    const comment = match(LINE_COMMENT, text, at);
    if (comment !== undefined) {
      at = comment;
      continue;
    }
    if (text.startsWith('/*', at)) {
      const close = text.indexOf('*/', at + 2);
      if (close < 0) {
        problem = {
          summary: 'This comment is never closed',
          detail: 'A comment that begins with "/*" ends with "*/".',
          start: at,
          end: at + 2,
        };
        break;
      }
      at = close + 2;
      continue;
    }
    const token = next(text, at);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ type: 'end', start: text.length, end: text.length, ...(problem && { problem }) });
  return tokens;
}

function next(text: string, start: number): Token {
  const character = text[start] ?? '';
  if (character === '"') return scanString(text, start);
  if (text.startsWith('<<', start)) return scanHeredoc(text, start);
  if (PUNCTUATION.includes(character))
    return { type: character as TokenType, start, end: start + 1 };
  const name = match(NAME, text, start);
  if (name !== undefined) {
    const word = text.slice(start, name);
    return { type: word === 'true' || word === 'false' ? 'bool' : 'name', start, end: name };
  }
  const number = match(NUMBER, text, start);
  if (number !== undefined) return { type: 'number', start, end: number };
  return describeIllegal(text, start);
}

function match(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
