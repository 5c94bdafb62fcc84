import type { ImageSpec } from '../volume/store.js';
import type { Connection } from './connection.js';
import { check } from './errno.js';
import { named } from './images.js';
import { callAsync, type IoCtx, Memory } from './native.js';
import { withImage } from './open.js';

/**
 * True where no object of the image's own holds a byte: what a clone has of its parent does not count. It ends at
 * the first that does.
 */
export function isBlank(connection: Connection, spec: ImageSpec): Promise<boolean> {
  const operation = `look for data in ${named(spec)}`;
  const look = (io: IoCtx) =>
    withImage(io, spec, 'rbd_open_read_only', async (image) => {
      using size = new Memory(8);
      check(await callAsync('rbd_get_size', image, size.address), operation);
      let blank = true;
      const found = () => {
        blank = false;
        return -FOUND;
      };
      const result = await callAsync(
        'rbd_diff_iterate2',
        image,
        null,
        0,
        size.uint64(0),
        OWN_OBJECTS,
        WHOLE_OBJECTS,
        found,
        null,
      );
      if (blank) check(result, operation);
      return blank;
    });
  // A large image takes minutes, and who came again would begin anew.
  return connection.inPool(spec, look, {}, 'no limit');
}

/** What the callback answers to end the search. */
const FOUND = 1;
/** `include_parent` and `whole_object` of rbd_diff_iterate2. */
const OWN_OBJECTS = 0;
const WHOLE_OBJECTS = 1;
