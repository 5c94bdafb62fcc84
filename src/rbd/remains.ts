import type { ImageSpec } from '../volume/store.js';
import type { Connection } from './connection.js';
import { readListedId } from './directory.js';
import { ENOENT, settle } from './errno.js';
import { hasHeader } from './header.js';
import { readId } from './images.js';
import { putAway } from './trash-move.js';

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
      const remaining = id ?? (await readListedId(io, spec.image));
      if (remaining !== undefined) await putAway(io, spec, remaining, new Date());
    },
    { [ENOENT]: undefined },
  );
}
