import type { ImageSpec } from '../volume/store.js';
import type { Connection } from './connection.js';
import { readListedId } from './directory.js';
import { ENOENT, settle } from './errno.js';
import { hasHeader } from './header.js';
import { readId } from './images.js';
import type { IoCtx } from './native.js';
import { putAway } from './trash-move.js';

/** The id of what a creation or a move to the trash that is not finished has under a name. */
export function findRemains(connection: Connection, spec: ImageSpec): Promise<string | undefined> {
  return connection.inPool(
    spec,
    async (io) => {
      const id = await settle(readId(io, spec), { [ENOENT]: undefined });
      return id === undefined
        ? readListedId(io, spec.image)
        : (await hasHeader(io, id))
          ? undefined
          : id;
    },
    { [ENOENT]: undefined },
  );
}

/**
 * Clears what one that was cut short left under a name, so that the name can be used again. An image that is whole
 * is left alone, and so is one that gets the name meanwhile.
 */
export function clearRemains(
  connection: Connection,
  spec: ImageSpec,
  imageId: string,
): Promise<void> {
  return connection.inPool(
    spec,
    async (io) => {
      if (!(await isWhole(io, spec, imageId))) await putAway(io, spec, imageId, new Date());
    },
    { [ENOENT]: undefined },
  );
}

/** True where the name leads to the image, and there is one. */
async function isWhole(io: IoCtx, spec: ImageSpec, imageId: string): Promise<boolean> {
  const id = await settle(readId(io, spec), { [ENOENT]: undefined });
  return id === imageId && (await hasHeader(io, imageId));
}
