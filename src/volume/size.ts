import { fail } from './errors.js';

/** CSI's CapacityRange, in bytes; 0 means "not given". */
export interface CapacityRange {
  readonly requiredBytes: bigint;
  readonly limitBytes: bigint;
}

/** What a volume gets when nobody asks for a size. */
export const DEFAULT_SIZE = 1n << 30n;

/** Throws unless the range can be met by some size. */
export function checkRange(range: CapacityRange): void {
  const { requiredBytes, limitBytes } = range;
  if (requiredBytes < 0n)
    fail('invalid-field', {
      field: 'capacity_range.required_bytes',
      problem: `${requiredBytes} is negative`,
    });
  if (limitBytes < 0n)
    fail('invalid-field', {
      field: 'capacity_range.limit_bytes',
      problem: `${limitBytes} is negative`,
    });
  if (limitBytes > 0n && requiredBytes > limitBytes)
    fail('capacity-out-of-range', {
      problem: `required_bytes ${requiredBytes} is more than limit_bytes ${limitBytes}`,
    });
}

/** The exact size to create for a range, in bytes: what is asked is what is made. */
export function sizeFor(range: CapacityRange): bigint {
  checkRange(range);
  if (range.requiredBytes > 0n) return range.requiredBytes;
  if (range.limitBytes > 0n && range.limitBytes < DEFAULT_SIZE) return range.limitBytes;
  return DEFAULT_SIZE;
}

/** The exact size of a volume that is made from one of `sourceBytes`: never smaller, and as large where none is asked. */
export function sizeFrom(sourceBytes: bigint, range: CapacityRange): bigint {
  checkRange(range);
  const { requiredBytes, limitBytes } = range;
  const asked = requiredBytes > 0n ? requiredBytes : limitBytes;
  if (asked > 0n && asked < sourceBytes)
    fail('capacity-out-of-range', {
      problem: `${asked} bytes are asked for, and the source has ${sourceBytes}: a volume cannot be smaller than what it is made from`,
    });
  return requiredBytes > 0n ? requiredBytes : sourceBytes;
}

/** True where a volume of `size` bytes satisfies the range. */
export function fits(size: bigint, range: CapacityRange): boolean {
  return size >= range.requiredBytes && (range.limitBytes === 0n || size <= range.limitBytes);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** Bytes for a person, as Nomad prints them: "10 GiB". */
export function formatBytes(bytes: bigint): string {
  let unit = 0;
  while (unit < UNITS.length - 1 && bytes >= 1n << BigInt(10 * (unit + 1))) unit++;
  const scaled = Number(bytes) / 2 ** (10 * unit);
  const digits = unit === 0 || scaled >= 10 ? 0 : 1;
  return `${scaled.toFixed(digits).replace(/\.0$/, '')} ${UNITS[unit]}`;
}
