import type { Place } from '../volume/store.js';
import type { Connection } from './connection.js';
import { decodeText } from './encoding.js';
import { ENOENT, settle } from './errno.js';
import type { IoCtx } from './native.js';
import { readMap } from './operations.js';

/** librbd's directory of a pool's images, from names to ids and back. */
export const DIRECTORY = 'rbd_directory';
const NAME = 'name_';
const ID = 'id_';
const PAGE = 1024;

/** The id that the directory has for a name. */
export function readListedId(io: IoCtx, name: string): Promise<string | undefined> {
  return readOne(io, `${NAME}${name}`, `look up "${name}"`);
}

/** The name that the directory has for an id. */
export function readListedName(io: IoCtx, imageId: string): Promise<string | undefined> {
  return readOne(io, `${ID}${imageId}`, `look up the name of image "${imageId}"`);
}

async function readOne(io: IoCtx, key: string, operation: string): Promise<string | undefined> {
  const found = await settle(readMap(io, DIRECTORY, operation, { keys: [key] }), {
    [ENOENT]: undefined,
  });
  const value = found?.get(key);
  return value && decodeText(value);
}

/** The name of an image, or undefined where it is in the trash or gone. */
export function nameOf(
  connection: Connection,
  place: Place,
  imageId: string,
): Promise<string | undefined> {
  return connection.inPool(place, (io) => readListedName(io, imageId));
}

/** Every image that the directory lists, by name: RBD's ids. */
export function listImages(
  connection: Connection,
  place: Place,
): Promise<ReadonlyMap<string, string>> {
  const operation = `list the images of pool "${place.pool}"`;
  const images = new Map<string, string>();
  return connection.inPool(
    place,
    async (io) => {
      for (let after = ''; ; ) {
        const range = { prefix: NAME, after, limit: PAGE };
        const page = await readMap(io, DIRECTORY, operation, { range });
        for (const [key, value] of page) {
          const id = decodeText(value);
          if (id !== undefined) images.set(key.slice(NAME.length), id);
          after = key;
        }
        // The OSD may answer fewer than were asked for: there is no more when it answers none.
        if (page.size === 0) return images;
      }
    },
    { [ENOENT]: images },
  );
}
