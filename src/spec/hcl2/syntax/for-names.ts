import type { TokenReader } from './reader.js';
import { unexpected } from './unexpected.js';

export const LIST_FOR = 'Write: [for item in list : result].';
export const MAP_FOR = 'Write: {for key, value in map : key => result}.';

/** `name in` and `key, name in`, behind a `for`. */
export function readForNames(
  reader: TokenReader,
  example: string,
): { readonly keyName?: string; readonly name: string } {
  const word = () => {
    if (!reader.is('word')) unexpected(reader, 'A name is missing here', example);
    return reader.text(reader.take());
  };
  const first = word();
  const second = reader.takeIf(',') ? word() : undefined;
  if (!reader.isWord('in')) unexpected(reader, '"in" is missing here', example);
  reader.take();
  return second === undefined ? { name: first } : { keyName: first, name: second };
}
