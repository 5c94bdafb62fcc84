import type { ImageSpec } from '../volume/store.js';
import type { Connection } from './connection.js';
import { check, EBUSY, ENOENT } from './errno.js';
import { readId } from './images.js';
import { readHeader } from './metadata.js';
import { callAsync, type IoCtx } from './native.js';

/**
 * Clears what a creation or a move to the trash that was cut short left under a name, so that the name can be
 * used again. An image that is whole is left alone. librbd's own functions do the clearing.
 */
export function clearRemains(connection: Connection, spec: ImageSpec): Promise<void> {
  return connection.inPool(
    spec,
    async (io) => {
      const id = await readId(io, spec).catch(absent);
      if (id === undefined) {
        // Only the pool's directory has the name: the image itself is in the trash already, and a removal
        // by name would destroy it there.
        check(await callAsync('rbd_trash_move', io, spec.image, 0), `clear "${spec.image}"`);
        return;
      }
      if (await hasHeader(io, id)) return;
      check(await callAsync('rbd_remove', io, spec.image), `clear "${spec.image}"`);
    },
    { [ENOENT]: undefined, [EBUSY]: undefined },
  );
}

async function hasHeader(io: IoCtx, id: string): Promise<boolean> {
  return (await readHeader(io, id).catch(absent)) !== undefined;
}

function absent(error: { readonly errno?: number }): undefined {
  if (error.errno !== ENOENT) throw error;
}
