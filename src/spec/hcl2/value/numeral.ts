import { type Decimal, exactDecimal, plainNotation, shortestDecimal } from './digits.js';

/** How many binary digits a number keeps: as HashiCorp's HCL 2 has it, so that results agree to the last digit. */
const PRECISION = 512;

/** What a decimal's exponent may be: beyond it a number would fill the memory with zeros. */
const MAX_EXPONENT = 10_000;

const WRITTEN = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** A number of HCL 2: `mantissa × 2 ** exponent`, rounded to 512 binary digits, halves to even. */
export class Numeral {
  private constructor(
    /** Odd, or 0. */
    readonly mantissa: bigint,
    readonly exponent: number,
  ) {}

  static of(integer: bigint | number): Numeral {
    return rounded(BigInt(integer), 0);
  }

  /** What a decimal notation stands for; undefined where it is none, or beyond what is kept. */
  static parse(text: string): Numeral | undefined {
    const [, sign, whole = '', fraction = '', power = '0'] = WRITTEN.exec(text) ?? [];
    if (sign === undefined || whole + fraction === '') return undefined;
    const exponent = Number(power) - fraction.length;
    if (Math.abs(exponent) > MAX_EXPONENT) return undefined;
    const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
    return exponent >= 0
      ? rounded(digits * 10n ** BigInt(exponent), 0)
      : quotient(digits, 10n ** BigInt(-exponent), 0);
  }

  static make(mantissa: bigint, exponent: number): Numeral {
    return new Numeral(mantissa, exponent);
  }

  plus(other: Numeral): Numeral {
    const exponent = Math.min(this.exponent, other.exponent);
    return rounded(this.#at(exponent) + other.#at(exponent), exponent);
  }

  minus(other: Numeral): Numeral {
    return this.plus(other.negated());
  }

  negated(): Numeral {
    return new Numeral(-this.mantissa, this.exponent);
  }

  times(other: Numeral): Numeral {
    return rounded(this.mantissa * other.mantissa, this.exponent + other.exponent);
  }

  /** Undefined for a division by zero. */
  over(other: Numeral): Numeral | undefined {
    return other.mantissa === 0n
      ? undefined
      : quotient(this.mantissa, other.mantissa, this.exponent - other.exponent);
  }

  /** What is left of a division whose result is cut to a whole number; undefined for one by zero. */
  modulo(other: Numeral): Numeral | undefined {
    const whole = this.over(other)?.truncated();
    return whole && this.minus(other.times(whole));
  }

  compare(other: Numeral): -1 | 0 | 1 {
    const exponent = Math.min(this.exponent, other.exponent);
    const difference = this.#at(exponent) - other.#at(exponent);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }

  /** Towards zero. */
  truncated(): Numeral {
    if (this.exponent >= 0) return this;
    return Numeral.of(this.mantissa / 2n ** BigInt(-this.exponent));
  }

  floor(): Numeral {
    const whole = this.truncated();
    return this.compare(whole) < 0 ? whole.minus(Numeral.of(1)) : whole;
  }

  /** Undefined where it is not whole. */
  get integer(): bigint | undefined {
    return this.exponent < 0 ? undefined : this.mantissa << BigInt(this.exponent);
  }

  get isNegative(): boolean {
    return this.mantissa < 0n;
  }

  /** The nearest of JavaScript's numbers. */
  toNumber(): number {
    return Number(this.toString());
  }

  /** The shortest decimal notation, without an exponent, that stands for this number and no other. */
  toString(): string {
    return (this.isNegative ? '-' : '') + plainNotation(this.shortest());
  }

  /** Its magnitude with all digits. */
  exact(): Decimal {
    return exactDecimal(this.#magnitude, this.exponent);
  }

  /** Its magnitude with as few digits as tell it from all other numbers. */
  shortest(): Decimal {
    const { exponent } = this;
    return exponent >= 0 && bits(this.#magnitude) + exponent <= PRECISION
      ? this.exact()
      : shortestDecimal(this.#magnitude, exponent, PRECISION);
  }

  get #magnitude(): bigint {
    return this.isNegative ? -this.mantissa : this.mantissa;
  }

  #at(exponent: number): bigint {
    return this.mantissa << BigInt(this.exponent - exponent);
  }
}

function bits(value: bigint): number {
  return (value < 0n ? -value : value).toString(2).length;
}

/** `sticky` says that there is more behind the last digit. */
function rounded(value: bigint, exponent: number, sticky = false): Numeral {
  const negative = value < 0n;
  let mantissa = negative ? -value : value;
  let power = exponent;
  const extra = bits(mantissa) - PRECISION;
  if (extra > 0) {
    const shift = BigInt(extra);
    const rest = mantissa & ((1n << shift) - 1n);
    const half = 1n << (shift - 1n);
    mantissa >>= shift;
    power += extra;
    if (rest > half || (rest === half && (sticky || (mantissa & 1n) === 1n))) mantissa++;
  }
  return normal(negative ? -mantissa : mantissa, power);
}

function normal(mantissa: bigint, exponent: number): Numeral {
  if (mantissa === 0n) return Numeral.make(0n, 0);
  let zeros = 0;
  while (((mantissa >> BigInt(zeros)) & 1n) === 0n) zeros++;
  return Numeral.make(mantissa >> BigInt(zeros), exponent + zeros);
}

function quotient(dividend: bigint, divisor: bigint, exponent: number): Numeral {
  const shift = Math.max(0, PRECISION + 2 + bits(divisor) - bits(dividend));
  const shifted = dividend << BigInt(shift);
  const whole = shifted / divisor;
  return rounded(whole, exponent - shift, whole * divisor !== shifted);
}
