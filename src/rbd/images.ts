import type { Image, ImageLayout, ImageSpec } from '../volume/store.js';
import type { Connection } from './connection.js';
import { decodeText } from './encoding.js';
import { CephError, check, EEXIST, EINVAL, ENOENT } from './errno.js';
import { readHeader } from './header.js';
import { withOptions } from './image-options.js';
import { callAsync, type IoCtx } from './native.js';
import { readBytes } from './operations.js';
import { ready } from './place.js';

/** An image's id is a few dozen characters. */
const ID_BYTES = 256;

/** An image in words: `image "pool/namespace/name"`. */
export function named({ pool, namespace, image }: ImageSpec): string {
  return `image "${[pool, ...(namespace === '' ? [] : [namespace]), image].join('/')}"`;
}

/** Creates an image. Fails with unknown-namespace and unknown-pool (of the data pool too). */
export function createImage(
  connection: Connection,
  spec: ImageSpec,
  layout: ImageLayout,
): Promise<'created' | 'exists'> {
  return connection.inPool(
    spec,
    async (io, session) => {
      await ready(session, io, spec);
      if (layout.dataPool !== undefined) await session.poolId(layout.dataPool);
      const operation = `create ${named(spec)}`;
      await withOptions(layout, operation, async (options) => {
        const size = layout.sizeBytes;
        check(await callAsync('rbd_create4', io, spec.image, size, options), operation);
      });
      return 'created' as const;
    },
    { [EEXIST]: 'exists' } as const,
  );
}

/** Reads an image's header: two RADOS reads, and the image is not opened. */
export function readImage(connection: Connection, spec: ImageSpec): Promise<Image | undefined> {
  return connection.inPool(
    spec,
    async (io, session) => readHeader(session, io, await readId(io, spec)),
    { [ENOENT]: undefined },
  );
}

/** The id of the image that has a name. Throws CephError: ENOENT where there is none. */
export async function readId(io: IoCtx, spec: ImageSpec): Promise<string> {
  const operation = `read the id of ${named(spec)}`;
  const id = decodeText(await readBytes(io, `rbd_id.${spec.image}`, operation, ID_BYTES));
  if (id === undefined) throw new CephError(EINVAL, operation);
  return id;
}
