/** A number that is not negative, in decimal: 0.d1d2d3… × 10 ** point, without zeros at its end. */
export interface Decimal {
  readonly digits: string;
  readonly point: number;
}

/**
 * The shortest decimal that is nearer to `mantissa × 2 ** exponent` than to any other number with `precision`
 * binary digits. As Go's big.Float has it.
 */
export function shortestDecimal(mantissa: bigint, exponent: number, precision: number): Decimal {
  if (mantissa === 0n) return { digits: '', point: 0 };
  const shift = precision + 1 - mantissa.toString(2).length;
  const scaled = mantissa << BigInt(shift);
  const exact = exactDecimal(mantissa, exponent);
  const lower = exactDecimal(scaled - 1n, exponent - shift).digits;
  const upper = exactDecimal(scaled + 1n, exponent - shift).digits;
  // A bound itself rounds to a number whose last binary digit is even.
  const inclusive = (scaled & 2n) === 0n;
  return shorten(exact, lower, upper, inclusive);
}

function shorten(exact: Decimal, lower: string, upper: string, inclusive: boolean): Decimal {
  const { digits, point } = exact;
  for (let at = 0; at < digits.length; at++) {
    const own = digits[at] ?? '0';
    const low = lower[at] ?? '0';
    const high = upper[at] ?? '0';
    const down = low !== own || (inclusive && at + 1 === lower.length);
    const up =
      own !== high && (inclusive || Number(own) + 1 < Number(high) || at + 1 < upper.length);
    if (down && up) return roundDecimal(exact, at + 1);
    if (down || up) return cut(digits, at + 1, point, up);
  }
  return exact;
}

/** With so many digits, halves rounded to even. */
export function roundDecimal(decimal: Decimal, length: number): Decimal {
  const { digits, point } = decimal;
  if (length >= digits.length) return decimal;
  if (length < 0) return { digits: '', point: 0 };
  const next = digits[length] ?? '0';
  const half = next === '5' && length + 1 === digits.length;
  const odd = Number(digits[length - 1] ?? '0') % 2 === 1;
  return cut(digits, length, point, half ? odd : next >= '5');
}

function cut(digits: string, length: number, point: number, up: boolean): Decimal {
  const kept = digits.slice(0, length);
  const grown = up ? String(BigInt(`0${kept}`) + 1n).padStart(length, '0') : kept;
  const carried = Math.max(0, grown.length - length);
  return { digits: grown.replace(/0+$/, ''), point: point + carried };
}

/** All digits. */
export function exactDecimal(mantissa: bigint, exponent: number): Decimal {
  if (mantissa === 0n) return { digits: '', point: 0 };
  const whole = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const written = String(whole);
  return { digits: written.replace(/0+$/, ''), point: written.length + Math.min(0, exponent) };
}

/** Without an exponent; with `places` behind the point, or as many as there are. */
export function plainNotation({ digits, point }: Decimal, places?: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  const behind = '0'.repeat(Math.max(0, -point)) + digits.slice(Math.max(0, point));
  const fraction = places === undefined ? behind : behind.padEnd(places, '0').slice(0, places);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
