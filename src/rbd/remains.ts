import type { ImageSpec } from '../volume/store.js';
import type { Connection } from './connection.js';
import { decodeText } from './encoding.js';
import { ENOENT, settle } from './errno.js';
import { readId } from './images.js';
import { hasHeader } from './metadata.js';
import type { IoCtx } from './native.js';
import { readMap } from './operations.js';
import { DIRECTORY, putAway } from './trash-move.js';

/**
 * Clears what a creation or a move to the trash that was cut short left under a name, so that the name can be
 * used again. An image that is whole is left alone, and so is one that gets the name meanwhile.
 */
export function clearRemains(connection: Connection, spec: ImageSpec): Promise<void> {
  return connection.inPool(
    spec,
    async (io) => {
      const id = await settle(readId(io, spec), { [ENOENT]: undefined });
      if (id !== undefined && (await hasHeader(io, id))) return;
      const remaining = id ?? (await readListedId(io, spec));
      if (remaining !== undefined) await putAway(io, spec, remaining);
    },
    { [ENOENT]: undefined },
  );
}

/** The id that the pool's directory has for a name. */
async function readListedId(io: IoCtx, { image }: ImageSpec): Promise<string | undefined> {
  const key = `name_${image}`;
  const found = await readMap(io, DIRECTORY, `look up "${image}"`, { keys: [key] });
  const value = found.get(key);
  return value && decodeText(value);
}
