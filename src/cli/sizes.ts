import { parseBytes } from '../spec/bytes.js';
import { formatBytes } from '../volume/size.js';

/** A size in words, and in bytes too where the words are not all of it: "19 GiB (20000000000 bytes)". */
export function sizeInWords(bytes: bigint): string {
  const words = formatBytes(bytes);
  const read = parseBytes(words);
  return 'bytes' in read && read.bytes === bytes ? words : `${words} (${bytes} bytes)`;
}
