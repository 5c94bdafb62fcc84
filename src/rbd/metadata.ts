import type { Place, Swapped } from '../volume/store.js';
import type { Connection } from './connection.js';
import { encodeMap, encodeText } from './encoding.js';
import { ECANCELED, ENOENT } from './errno.js';
import { headerOf, STORED } from './header.js';
import { assertExists, exec, expect, write } from './operations.js';

type Values = Readonly<Record<string, string | undefined>>;

/** Changes image metadata where all that is expected is so. An empty value counts as none. */
export function swapMetadata(
  connection: Connection,
  place: Place,
  imageId: string,
  expected: Values,
  next: Values,
): Promise<Swapped | 'gone'> {
  const entries = Object.entries(next);
  const changed = entries.filter((entry): entry is [string, string] => entry[1] !== undefined);
  const removed = entries.filter(([, value]) => value === undefined).map(([key]) => key);
  const steps = [
    assertExists,
    ...Object.entries(expected).map(([key, value]) => expect(STORED + key, value)),
    ...(changed.length === 0 ? [] : [exec('rbd', 'metadata_set', encodeMap(changed))]),
    ...removed.map((key) => exec('rbd', 'metadata_remove', encodeText(key))),
  ];
  return connection.inPool(
    place,
    async (io): Promise<Swapped> => {
      await write(io, headerOf(imageId), `write the metadata of image "${imageId}"`, steps);
      return 'swapped';
    },
    { [ECANCELED]: 'differs', [ENOENT]: 'gone' } as const,
  );
}
