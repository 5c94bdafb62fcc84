const UNITS: ReadonlyMap<string, bigint> = new Map(
  ['k', 'm', 'g', 't', 'p', 'e'].flatMap((letter, index): Array<[string, bigint]> => {
    const decimal = 1000n ** BigInt(index + 1);
    const binary = 1024n ** BigInt(index + 1);
    return [
      [letter, decimal],
      [`${letter}b`, decimal],
      [`${letter}i`, binary],
      [`${letter}ib`, binary],
    ];
  }),
);

/** Unit words for a guess, as people write them. */
export const UNIT_NAMES: readonly string[] = ['K', 'M', 'G', 'T', 'P', 'E'].flatMap((letter) => [
  `${letter}B`,
  `${letter}iB`,
]);

export interface Unreadable {
  /** In the words of Nomad's reader. */
  readonly problem: string;
  /** The unit that was not known. */
  readonly unit?: string;
}

/**
 * Reads a size in bytes as Nomad does (go-humanize's ParseBytes): "10GiB", "1,024 mb", ".5g", "1073741824".
 * Decimal units are powers of 1000, those with an i of 1024; case does not matter. The number is a floating
 * point one, as there, so that whole numbers over 2^53 lose digits. From 0 to under 2^64.
 */
export function parseBytes(text: string): { readonly bytes: bigint } | Unreadable {
  const [digits = ''] = /^[\p{Nd}.,]*/u.exec(text) ?? [];
  const number = parseFloatAsGo(digits.replaceAll(',', ''));
  if (typeof number !== 'number') return number;
  const unit = text
    .slice(digits.length)
    .replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '')
    .toLowerCase();
  const factor = unit === '' || unit === 'b' ? 1n : UNITS.get(unit);
  if (factor === undefined) return { problem: `unhandled size name: ${unit}`, unit };
  const bytes = number * Number(factor);
  return bytes >= 2 ** 64
    ? { problem: `too large: ${text}` }
    : { bytes: BigInt(Math.trunc(bytes)) };
}

function parseFloatAsGo(digits: string): number | Unreadable {
  const failed = (why: string) => ({
    problem: `strconv.ParseFloat: parsing "${digits}": ${why}`,
  });
  if (!/^([0-9]+\.?[0-9]*|\.[0-9]+)$/.test(digits)) return failed('invalid syntax');
  const number = Number(digits);
  return Number.isFinite(number) ? number : failed('value out of range');
}
