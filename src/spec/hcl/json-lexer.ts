import type { Problem } from './token.js';

export interface JsonToken {
  readonly type:
    | 'string'
    | 'number'
    | 'bool'
    | 'null'
    | '{'
    | '}'
    | '['
    | ']'
    | ':'
    | ','
    | 'illegal'
    | 'end';
  readonly start: number;
  readonly end: number;
  readonly problem?: Problem;
}

const SPACE = /[ \t\n\r\0\ufeff]+/y;
const NUMBER = /-?\d+(?:\.\d*)?(?:[eE][+-]?\d*)?|\.\d+(?:[eE][+-]?\d*)?/y;
const WORD = /[\p{L}_][\p{L}\p{Nd}_-]*/uy;
const STRING = /"(?:[^"\\\n]|\\[^\n])*("?)/y;
const BAD_ESCAPE = /\\(?![abfnrtv"\\]|[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}).?/;

/** JSON's tokens as HCL 1 reads them. It never fails. */
export function tokenizeJson(text: string): JsonToken[] {
  const tokens: JsonToken[] = [];
  let at = 0;
  for (;;) {
    SPACE.lastIndex = at;
    if (SPACE.test(text)) at = SPACE.lastIndex;
    if (at >= text.length) break;
    const token = next(text, at);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ type: 'end', start: text.length, end: text.length });
  return tokens;
}

function next(text: string, start: number): JsonToken {
  const character = text[start] ?? '';
  if (character === '"') return string(text, start);
  if ('{}[]:,'.includes(character))
    return { type: character as JsonToken['type'], start, end: start + 1 };
  NUMBER.lastIndex = start;
  if (NUMBER.test(text)) return { type: 'number', start, end: NUMBER.lastIndex };
  WORD.lastIndex = start;
  if (WORD.test(text)) return word(text, start, WORD.lastIndex);
  const end = start + String.fromCodePoint(text.codePointAt(start) ?? 0).length;
  const comment = text.startsWith('//', start) || text.startsWith('/*', start) || character === '#';
  return illegal(
    text.slice(start, end),
    comment ? 'JSON has no comments.' : 'Nothing in JSON begins with this character.',
    start,
    end,
  );
}

function word(text: string, start: number, end: number): JsonToken {
  const found = text.slice(start, end);
  if (found === 'true' || found === 'false') return { type: 'bool', start, end };
  if (found === 'null') return { type: 'null', start, end };
  return illegal(found, `Text stands in double quotes: "${found}".`, start, end);
}

function illegal(found: string, detail: string, start: number, end: number): JsonToken {
  return {
    type: 'illegal',
    start,
    end,
    problem: { summary: `${found} cannot stand here`, detail, start, end },
  };
}

function string(text: string, start: number): JsonToken {
  STRING.lastIndex = start;
  const [found = '"', close = ''] = STRING.exec(text) ?? [];
  const end = start + found.trimEnd().length;
  if (close === '')
    return {
      type: 'string',
      start,
      end,
      problem: {
        summary: 'This string is never closed',
        detail: 'A string ends with a double quote on the same line; is the file cut short?',
        start,
        end,
      },
    };
  const bad = BAD_ESCAPE.exec(found);
  if (bad === null) return { type: 'string', start, end };
  const at = start + bad.index;
  return {
    type: 'string',
    start,
    end,
    problem: {
      summary: `"${bad[0]}" is not an escape`,
      detail:
        bad[0] === '\\/'
          ? "Nomad's JSON reader refuses \\/: write / alone."
          : 'After a backslash stand b, f, n, r, t, a quote, a backslash, or u with four hexadecimal digits.',
      start: at,
      end: at + bad[0].length,
    },
  };
}
