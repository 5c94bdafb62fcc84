import type { Range } from '../diagnostic.js';
import { describe, type Value } from '../hcl/ast.js';
import { integerOf, numberOf, parseGoInteger, plainDecimal } from '../hcl/numbers.js';

/** What a value became on the way to text: Nomad decodes into this first. */
export type Decoded =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number };

export interface NotText {
  readonly problem: string;
  readonly range: Range;
}

/**
 * The text that Nomad makes of a key's values, one for each time the key is written; the last counts. A
 * boolean becomes "1" or "0" and a number its decimal digits. Undefined where a value is unreadable.
 */
export function weakText(
  values: readonly Value[],
): { readonly text: string } | NotText | undefined {
  const decoded = decodeWeakly(values);
  return decoded === undefined || 'problem' in decoded ? decoded : { text: textOf(decoded) };
}

/**
 * What Nomad decodes a key's values into. A key keeps the type it was given first: after text a number stays as
 * written, and after a number text must be one. Undefined where a value is unreadable, or none, or of another type.
 */
export function decodeWeakly(values: readonly Value[]): Decoded | NotText | undefined {
  let decoded: Decoded | undefined;
  for (const value of values) {
    if (value.kind === 'invalid') return undefined;
    if (value.kind === 'list' || value.kind === 'object')
      return { problem: `must be text, not ${describe(value)}`, range: value.range };
    const next: Decoded | undefined = decodeAfter(decoded, value);
    // It is told where the whole file is decoded.
    if (next === undefined) return undefined;
    decoded = next;
  }
  return decoded;
}

type Scalar = Exclude<Value, { kind: 'list' | 'object' | 'invalid' }>;

/** What a value becomes behind another one of its key; undefined where it cannot become that one's type. */
export function decodeAfter(before: Decoded | undefined, value: Scalar): Decoded | undefined {
  switch (before?.kind ?? 'new') {
    case 'string':
      return { kind: 'string', value: writtenText(value) ?? '' };
    case 'bool':
      return decodeBool(value);
    case 'integer':
      return decodeInteger(value);
    case 'float': {
      const number = value.kind === 'number' ? Number(value.raw) : Number.NaN;
      return Number.isFinite(number) && !/x/i.test(value.raw)
        ? { kind: 'float', value: number }
        : undefined;
    }
    default:
      if (value.kind !== 'number') return value;
      return value.integer
        ? decodeInteger(value)
        : { kind: 'float', value: numberOf(value) ?? Number.NaN };
  }
}

function decodeBool(value: Scalar): Decoded | undefined {
  const word = value.raw.replaceAll('"', '').toLowerCase();
  if (word === '1' || word === 'true') return { kind: 'bool', value: true };
  return word === '0' || word === 'false' ? { kind: 'bool', value: false } : undefined;
}

function decodeInteger(value: Scalar): Decoded | undefined {
  if (value.kind === 'bool' || (value.kind === 'string' && value.heredoc)) return undefined;
  const integer = value.kind === 'number' ? integerOf(value) : parseGoInteger(value.value);
  return integer === undefined ? undefined : { kind: 'integer', value: integer };
}

/** A boolean as "1" or "0", a number in decimal digits. */
export function textOf(decoded: Decoded): string {
  switch (decoded.kind) {
    case 'string':
      return decoded.value;
    case 'bool':
      return decoded.value ? '1' : '0';
    case 'integer':
      return String(decoded.value);
    case 'float':
      return plainDecimal(decoded.value);
  }
}

/** A string's value, and numbers and booleans as they are written; undefined for lists, blocks, the unreadable. */
export function writtenText(value: Value): string | undefined {
  if (value.kind === 'string') return value.value;
  return value.kind === 'number' || value.kind === 'bool' ? value.raw : undefined;
}
