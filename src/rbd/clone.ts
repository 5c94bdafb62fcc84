import type { ImageLayout, ImageSpec, Place } from '../volume/store.js';
import type { Connection } from './connection.js';
import { CONSTANTS } from './declarations.js';
import { readListedName } from './directory.js';
import { CephError, check, EAGAIN, EEXIST, ENOENT } from './errno.js';
import { hasSnapshot } from './header.js';
import { withOptions } from './image-options.js';
import { named } from './images.js';
import { call, callAsync, type IoCtx } from './native.js';
import { ready } from './place.js';

/** How often a snapshot that is there is tried to be cloned. */
const TRIES = 4;
/** Clones of this format need no protected snapshot, and let their snapshot be deleted before them. */
const FORMAT = 2;

export interface CloneSource extends Place {
  readonly imageId: string;
  readonly snapshot: string;
}

/** Clones a snapshot (clone format 2), into any pool and namespace of the cluster. */
export function cloneImage(
  connection: Connection,
  source: CloneSource,
  spec: ImageSpec,
  layout: ImageLayout,
): Promise<'created' | 'exists' | 'gone'> {
  return connection.use((session) =>
    session.inPool(spec.pool, spec.namespace, async (io) => {
      await ready(session, io, spec);
      if (layout.dataPool !== undefined) await session.poolId(layout.dataPool);
      return session.inPool(source.pool, source.namespace, (sourceIo) =>
        clone({ io: sourceIo, source }, { io, spec }, withStripes(layout)),
      );
    }),
  );
}

/**
 * librbd gives a clone the stripe unit of its parent, which is larger than an object where smaller ones are asked
 * for: then they are what a blank image of that layout has.
 */
function withStripes(layout: ImageLayout): ImageLayout {
  const { objectSize, stripeUnit } = layout;
  if (objectSize === undefined || stripeUnit !== undefined) return layout;
  return { ...layout, stripeUnit: objectSize, stripeCount: 1n };
}

async function clone(
  from: { readonly io: IoCtx; readonly source: CloneSource },
  to: { readonly io: IoCtx; readonly spec: ImageSpec },
  layout: ImageLayout,
): Promise<'created' | 'exists' | 'gone'> {
  const { imageId, snapshot } = from.source;
  const operation = `clone snapshot "${snapshot}" of image "${imageId}" as ${named(to.spec)}`;
  return await withOptions(layout, operation, async (options) => {
    const option = CONSTANTS.RBD_IMAGE_OPTION_CLONE_FORMAT;
    check(call('rbd_image_options_set_uint64', options, option, FORMAT), operation);
    // librbd's clone takes its parent by name, which a deletion of the volume may change meanwhile.
    let parent = await readListedName(from.io, imageId);
    for (let tries = 1; ; tries++) {
      if (parent === undefined) return 'gone';
      const [child, name] = [to.io, to.spec.image];
      const result = await callAsync('rbd_clone3', from.io, parent, snapshot, child, name, options);
      if (result === -EEXIST) return 'exists';
      if (result !== -ENOENT) {
        check(result, operation);
        return 'created';
      }
      const now = await readListedName(from.io, imageId);
      // It answers ENOENT too where a parent of the source goes while it looks (src/rbd/open.ts).
      if (now === parent && !(await hasSnapshot(from.io, imageId, snapshot))) return 'gone';
      if (tries === TRIES) throw new CephError(EAGAIN, operation);
      parent = now;
    }
  });
}
