import { plainNotation, roundDecimal } from '../value/digits.js';
import type { Numeral } from '../value/numeral.js';
import type { Verb } from './format-verb.js';

/** How a number is written by %d, %f and their kin, as Go does; undefined where a whole number is required. */
export function formatNumber(verb: Verb, given: Numeral): string | undefined {
  const written = magnitude(verb, given);
  if (written === undefined) return undefined;
  const sign = given.isNegative
    ? '-'
    : verb.flags.includes('+')
      ? '+'
      : verb.flags.includes(' ')
        ? ' '
        : '';
  const length = sign.length + written.length;
  const zeros = verb.flags.includes('0') && !verb.flags.includes('-');
  const padding = zeros ? '0'.repeat(Math.max(0, (verb.width ?? 0) - length)) : '';
  return pad(verb, sign + padding + written, ' ');
}

/** Filled to the verb's width. */
export function pad(verb: Verb, written: string, filler: ' ' | '0'): string {
  const width = verb.width ?? 0;
  const missing = filler.repeat(Math.max(0, width - [...written].length));
  return verb.flags.includes('-') ? written + missing : missing + written;
}

const BASES = { b: 2, o: 8, d: 10, x: 16 } as const;
const PREFIXES = { b: '0b', o: '0', d: '', x: '0x' } as const;

function magnitude(verb: Verb, given: Numeral): string | undefined {
  const mode = verb.mode.toLowerCase();
  if (mode === 'e' || mode === 'f' || mode === 'g') {
    const written = floating(mode, verb.precision, given);
    return verb.mode === mode ? written : written.toUpperCase();
  }
  const { integer } = given;
  if (integer === undefined) return undefined;
  const base = mode as keyof typeof BASES;
  const digits = (integer < 0n ? -integer : integer).toString(BASES[base]);
  const prefix = verb.flags.includes('#') ? PREFIXES[base] : '';
  if (integer === 0n && verb.precision === 0) return '';
  const written = prefix + digits.padStart(verb.precision ?? 1, '0');
  return verb.mode === 'X' ? written.toUpperCase() : written;
}

function floating(mode: 'e' | 'f' | 'g', precision: number | undefined, given: Numeral): string {
  if (mode === 'g') return general(precision, given);
  const exact = given.exact();
  const places = precision ?? 6;
  return mode === 'f'
    ? plainNotation(roundDecimal(exact, exact.point + places), places)
    : scientific(roundDecimal(exact, places + 1), places);
}

/** With an exponent where the number is very large or very small. */
function general(precision: number | undefined, given: Numeral): string {
  const decimal =
    precision === undefined
      ? given.shortest()
      : roundDecimal(given.exact(), Math.max(1, precision));
  const { digits, point } = decimal;
  const limit =
    precision === undefined
      ? 6
      : precision > digits.length && digits.length >= point
        ? digits.length
        : Math.max(1, precision);
  const exponent = point - 1;
  return digits !== '' && (exponent < -4 || exponent >= limit)
    ? scientific(decimal, Math.max(0, digits.length - 1))
    : plainNotation(decimal);
}

function scientific(
  { digits, point }: { readonly digits: string; readonly point: number },
  places: number,
): string {
  const all = digits.padEnd(places + 1, '0');
  const exponent = digits === '' ? 0 : point - 1;
  const power = String(Math.abs(exponent)).padStart(2, '0');
  const fraction = places > 0 ? `.${all.slice(1, places + 1)}` : '';
  return `${all[0]}${fraction}e${exponent < 0 ? '-' : '+'}${power}`;
}
