import { type Diagnostic, errorAt } from '../diagnostic.js';
import type { Value } from './ast.js';
import { heredocValue } from './heredoc.js';
import { integerOf, numberOf } from './numbers.js';
import { unquote } from './quote.js';
import type { Source } from './source.js';
import type { Token } from './token.js';

/** The value of a literal token, which has no problem of its own. */
export function literalOf(
  token: Token,
  source: Source,
  report: (diagnostic: Diagnostic) => void,
): Value {
  const raw = source.text.slice(token.start, token.end);
  const range = source.range(token.start, token.end);
  if (token.type === 'bool') return { kind: 'bool', value: raw === 'true', raw, range };
  if (token.type === 'heredoc')
    return { kind: 'string', value: heredocValue(raw), raw, heredoc: true, range };
  if (token.type === 'number') {
    const value = { kind: 'number', raw, integer: isWhole(raw), range } as const;
    if ((value.integer ? integerOf(value) : numberOf(value)) !== undefined) return value;
    report(
      errorAt(
        range,
        `${raw} is not a number that can be used`,
        value.integer
          ? 'Whole numbers are decimal, octal behind a 0 or hexadecimal behind 0x, and have 64 bits; write others as a string.'
          : 'Write it as a string, or with digits behind the point or the exponent.',
      ),
    );
    return { kind: 'invalid', range };
  }
  const value = unquote(raw);
  if (value !== undefined) return { kind: 'string', value, raw, heredoc: false, range };
  report(
    errorAt(
      range,
      'This string cannot be read',
      'An escape in it is over what a byte (\\377) or Unicode (\\U0010ffff) has, or a "${" is not closed.',
    ),
  );
  return { kind: 'invalid', range };
}

function isWhole(raw: string): boolean {
  return /^-?0[xX]/.test(raw) || !/[.eE]/.test(raw);
}
