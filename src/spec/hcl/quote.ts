import type { Problem, Token } from './token.js';

const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  '"': 34,
};

/** An escape behind its backslash: octal and \x are bytes, \u and \U characters. */
const NUMERIC = /[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}/y;

/**
 * A quoted string. Inside `${ }` quotes and line ends are part of it, as HCL 1 has them; otherwise it ends
 * with its line, closed or not.
 */
export function scanString(text: string, start: number): Token {
  let braces = 0;
  let problem: Problem | undefined;
  let at = start + 1;
  while (at < text.length) {
    const character = text[at];
    if (character === '"' && braces === 0)
      return { type: 'string', start, end: at + 1, ...(problem && { problem }) };
    if (character === '\n' && braces === 0) break;
    if (braces === 0 && text.startsWith('${', at)) {
      braces = 1;
      at += 2;
      continue;
    }
    if (braces > 0 && character === '{') braces++;
    if (braces > 0 && character === '}') braces--;
    if (character === '\\') {
      const end = escapeEnd(text, at);
      if (end === undefined) problem ??= badEscape(text, at);
      at = end ?? Math.min(at + 2, lineEnd(text, at));
      continue;
    }
    at++;
  }
  return unterminated(text, start, braces > 0);
}

function unterminated(text: string, start: number, inTemplate: boolean): Token {
  const end = lineEnd(text, start);
  return {
    type: 'string',
    start,
    end,
    problem: {
      summary: inTemplate
        ? 'This string or a "${" in it is never closed'
        : 'This string is never closed',
      detail: inTemplate
        ? 'Behind a dollar sign and a brace a string goes on to the matching "}", over quotes and line ends.'
        : 'A string ends with a double quote on the same line; for more lines use a heredoc: <<EOF.',
      start,
      end,
    },
  };
}

function lineEnd(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  if (newline < 0) return text.length;
  return text[newline - 1] === '\r' && newline - 1 > at ? newline - 1 : newline;
}

function escapeEnd(text: string, at: number): number | undefined {
  if ((text[at + 1] ?? ' ') in ESCAPES) return at + 2;
  NUMERIC.lastIndex = at + 1;
  return NUMERIC.test(text) ? NUMERIC.lastIndex : undefined;
}

function badEscape(text: string, at: number): Problem {
  const end = Math.min(at + 2, lineEnd(text, at));
  const written = text.slice(at, end);
  return {
    summary: `"${written}" is not an escape`,
    detail:
      'After a backslash stand a, b, f, n, r, t, v, a quote, a backslash, three octal digits, or x, u, U with 2, 4, 8 hexadecimal digits. A backslash itself is written twice.',
    start: at,
    end,
  };
}

/**
 * What a quoted string stands for. In HCL 1 `${ }` and what is in it stay as they are; JSON knows no such
 * thing, and no surrogates. Undefined where Nomad's reader fails at what its scanner took: a number over
 * U+10FFFF, an octal one over a byte.
 */
export function unquote(raw: string, language: 'hcl' | 'json' = 'hcl'): string | undefined {
  const inner = raw.slice(1, -1).replaceAll('\r\n', '\n');
  if (!/[\\$]/.test(inner)) return inner;
  const parts: Uint8Array[] = [];
  let at = 0;
  while (at < inner.length) {
    const template = language === 'hcl' && inner.startsWith('${', at);
    const end = template ? templateEnd(inner, at) : plainEnd(inner, at, language);
    if (end === undefined) return undefined;
    if (end > at) {
      parts.push(Buffer.from(inner.slice(at, end)));
      at = end;
      continue;
    }
    const escaped = readEscape(inner, at, language);
    if (escaped === undefined) return undefined;
    parts.push(escaped.bytes);
    at = escaped.end;
  }
  return Buffer.concat(parts).toString();
}

function plainEnd(inner: string, at: number, language: 'hcl' | 'json'): number {
  let end = at;
  while (
    end < inner.length &&
    inner[end] !== '\\' &&
    !(language === 'hcl' && inner.startsWith('${', end))
  )
    end++;
  return end;
}

function templateEnd(inner: string, at: number): number | undefined {
  let braces = 1;
  let end = at + 2;
  for (; end < inner.length && braces > 0; end++) {
    if (inner[end] === '{') braces++;
    if (inner[end] === '}') braces--;
  }
  return braces === 0 ? end : undefined;
}

/** One escape's bytes: Go's reader writes bytes, which need not be UTF-8 until they stand together. */
function readEscape(
  inner: string,
  at: number,
  language: 'hcl' | 'json',
): { bytes: Uint8Array; end: number } | undefined {
  const letter = inner[at + 1] ?? '';
  const simple = ESCAPES[letter];
  if (simple !== undefined) return { bytes: Uint8Array.of(simple), end: at + 2 };
  NUMERIC.lastIndex = at + 1;
  const digits = NUMERIC.exec(inner)?.[0];
  if (digits === undefined) return undefined;
  const end = at + 1 + digits.length;
  if (letter === 'x') return { bytes: Uint8Array.of(Number.parseInt(digits.slice(1), 16)), end };
  if (letter !== 'u' && letter !== 'U') {
    const byte = Number.parseInt(digits, 8);
    return byte > 255 ? undefined : { bytes: Uint8Array.of(byte), end };
  }
  const point = Number.parseInt(digits.slice(1), 16);
  if (point > 0x10ffff) return undefined;
  const surrogate = point >= 0xd800 && point <= 0xdfff;
  if (surrogate && language === 'json') return undefined;
  return { bytes: Buffer.from(surrogate ? '\ufffd' : String.fromCodePoint(point)), end };
}
