import { parseBytes } from './bytes.js';

/** The largest size that Nomad and CSI can hold, in bytes: 2^63 - 1. */
export const MAX_CAPACITY = (1n << 63n) - 1n;

/** Bytes of a size that a person typed, as in a specification. Throws RangeError with what is wrong. */
export function parseCapacity(text: string): bigint {
  const result = parseBytes(text.trim());
  if ('problem' in result)
    throw new RangeError(`"${text}" is not a size such as 10GiB: ${result.problem}`);
  if (result.bytes > MAX_CAPACITY)
    throw new RangeError(`"${text}" is too large: at most ${MAX_CAPACITY} bytes`);
  return result.bytes;
}
