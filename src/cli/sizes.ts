import { parseBytes } from '../spec/bytes.js';
import { parseCapacity } from '../spec/capacity.js';
import { formatBytes } from '../volume/size.js';
import { UsageError } from './errors.js';

/** A size in words, and in bytes too where the words are not all of it: "19 GiB (20000000000 bytes)". */
export function sizeInWords(bytes: bigint): string {
  const words = formatBytes(bytes);
  const read = parseBytes(words);
  return 'bytes' in read && read.bytes === bytes ? words : `${words} (${bytes} bytes)`;
}

/** A size for a volume, such as 20GiB, in bytes. Throws UsageError. */
export function readSize(text: string): bigint {
  try {
    const bytes = parseCapacity(text);
    if (bytes > 0n) return bytes;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(error.message);
  }
  throw new UsageError(`"${text}" is no size for a volume`);
}
