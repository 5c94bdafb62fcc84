import type { NumberValue } from './ast.js';

const INT64_MAX = (1n << 63n) - 1n;
const INT64_MIN = -(1n << 63n);

/** A whole number as Go reads one: 0x is hexadecimal and a leading 0 octal. Undefined where it is none or over 64 bits. */
export function parseGoInteger(text: string): bigint | undefined {
  const match = /^([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9]\d*))$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, sign, hex, octal, binary, decimal] = match;
  const magnitude = BigInt(
    hex !== undefined
      ? `0x${hex}`
      : octal !== undefined
        ? `0o${octal}`
        : binary !== undefined
          ? `0b${binary}`
          : (decimal ?? '0'),
  );
  const value = sign === '-' ? -magnitude : magnitude;
  return value > INT64_MAX || value < INT64_MIN ? undefined : value;
}

/** The value of a whole number, or undefined where it has a fraction or exponent or is over 64 bits. */
export function integerOf(value: NumberValue): bigint | undefined {
  return value.integer ? parseGoInteger(value.raw) : undefined;
}

/** The value as a floating point number, or undefined where it is malformed or too large. */
export function numberOf(value: NumberValue): number | undefined {
  if (value.integer) {
    const whole = integerOf(value);
    return whole === undefined ? undefined : Number(whole);
  }
  if (!/^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value.raw)) return undefined;
  const number = Number(value.raw);
  return Number.isFinite(number) ? number : undefined;
}

/** A floating point number without an exponent, in the fewest digits that give it back: 1e3 is "1000". */
export function plainDecimal(number: number): string {
  const text = String(number === 0 ? 0 : number);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return Object.is(number, -0) ? '-0' : text;
  const [, sign = '', first = '', rest = '', power = '0'] = match;
  const digits = first + rest;
  const point = 1 + Number(power);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return sign + digits.padEnd(point, '0');
}
