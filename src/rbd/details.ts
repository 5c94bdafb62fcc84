import type { ImageDetails } from '../volume/details.js';
import type { Place } from '../volume/store.js';
import type { Connection } from './connection.js';
import { FEATURES } from './declarations.js';
import { CephError, EIO, ENOENT } from './errno.js';
import { headerOf } from './header.js';
import { readMap } from './operations.js';

const KEYS = ['features', 'flags', 'order', 'create_timestamp', 'data_pool_id'] as const;
/** librbd's flag of a header: nobody trusts the object map. */
const OBJECT_MAP_INVALID = 1n;
const NO_POOL = -1n;
/** Features that Ceph gives an image by itself, and nobody asks for. */
const INTERNAL: Readonly<Record<string, bigint>> = {
  operations: 1n << 8n,
  migrating: 1n << 9n,
  'non-primary': 1n << 10n,
  'dirty-cache': 1n << 11n,
};

/** What an image's header says, read in one RADOS operation; undefined where there is no such image. */
export function imageDetails(
  connection: Connection,
  place: Place,
  imageId: string,
): Promise<ImageDetails | undefined> {
  const operation = `read the header of image "${imageId}"`;
  return connection.inPool(
    place,
    async (io, session) => {
      const header = await readMap(io, headerOf(imageId), operation, { keys: KEYS });
      const number = (key: (typeof KEYS)[number]) => {
        const bytes = header.get(key);
        if (bytes !== undefined && bytes.length !== 8) throw new CephError(EIO, operation);
        return bytes?.readBigUInt64LE();
      };
      const features = number('features') ?? 0n;
      const created = header.get('create_timestamp');
      const dataPool = BigInt.asIntN(64, number('data_pool_id') ?? NO_POOL);
      return {
        features: featureNames(features),
        objectMapInvalid: ((number('flags') ?? 0n) & OBJECT_MAP_INVALID) !== 0n,
        objectSizeBytes: 1n << BigInt(header.get('order')?.[0] ?? 0),
        dataPool: dataPool === NO_POOL ? undefined : await session.poolName(dataPool),
        created: new Date((created?.readUInt32LE() ?? 0) * 1000),
      };
    },
    { [ENOENT]: undefined },
  );
}

/** The features that a number stands for, in the order of their bits. */
export function featureNames(features: bigint): string[] {
  const known = Object.entries({ ...FEATURES, ...INTERNAL });
  const names = new Map(known.map(([name, bit]) => [bit, name]));
  const bits = Array.from({ length: 64 }, (_, bit) => bit).filter(
    (bit) => ((features >> BigInt(bit)) & 1n) === 1n,
  );
  return bits.map((bit) => names.get(1n << BigInt(bit)) ?? `feature ${bit}`);
}
