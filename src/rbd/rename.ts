import type { ImageSpec } from '../volume/store.js';
import type { Connection } from './connection.js';
import { DIRECTORY, readListedName } from './directory.js';
import { encodeText } from './encoding.js';
import { EEXIST, ENOENT, ESTALE, settle } from './errno.js';
import { hasHeader } from './header.js';
import { freeName, takeName } from './id-object.js';
import type { IoCtx } from './native.js';
import { exec, write } from './operations.js';
import { TRASH } from './place.js';
import { putAway } from './trash-move.js';

/**
 * Renames an image in the steps of librbd's own renaming, each of which counts for this very image only: librbd
 * renames whatever has the name by then. The old name is free after the last one, so that a renaming that was cut
 * short is found and repeated.
 */
export function renameImage(
  connection: Connection,
  spec: ImageSpec,
  imageId: string,
  name: string,
): Promise<'renamed' | 'gone'> {
  const operation = `rename image "${spec.image}" of pool "${spec.pool}" to "${name}"`;
  return connection.inPool(spec, async (io) => {
    if (!(await takeName(io, name, imageId, operation))) return 'gone';
    const input = Buffer.concat([spec.image, name, imageId].map(encodeText));
    const listed = await settle(
      write(io, DIRECTORY, operation, [exec('rbd', 'dir_rename_image', input)]).then(() => true),
      { [ENOENT]: false, [ESTALE]: false },
    );
    if (!listed && (await readListedName(io, imageId)) !== name) {
      await freeName(io, name, imageId, operation);
      return 'gone';
    }
    await freeName(io, spec.image, imageId, operation);
    return 'renamed';
  });
}

/**
 * Takes an image out of the trash under a name, in the steps of librbd's own restoring. One that is not there, and
 * lost its name, gets that.
 */
export function restoreImage(
  connection: Connection,
  spec: ImageSpec,
  imageId: string,
): Promise<'restored' | 'exists' | 'gone'> {
  const operation = `restore image "${spec.image}" from the trash of pool "${spec.pool}"`;
  return connection.inPool(spec, async (io) => {
    // A name of nothing would be in the way of everybody.
    if (!(await hasHeader(io, imageId))) return 'gone';
    if (!(await takeName(io, spec.image, imageId, operation))) return 'exists';
    await list(io, spec, imageId, operation);
    const steps = [exec('rbd', 'trash_remove', encodeText(imageId))];
    await settle(write(io, TRASH, operation, steps), { [ENOENT]: undefined });
    if (await hasHeader(io, imageId)) return 'restored';
    // It was purged meanwhile: a name must not stay that leads to nothing.
    await putAway(io, spec, imageId, new Date());
    return 'gone';
  });
}

async function list(io: IoCtx, spec: ImageSpec, imageId: string, operation: string): Promise<void> {
  const entry = Buffer.concat([encodeText(spec.image), encodeText(imageId)]);
  await settle(write(io, DIRECTORY, operation, [exec('rbd', 'dir_add_image', entry)]), {
    [EEXIST]: undefined,
  });
}
