import type { JournalEntry } from '../volume/details.js';
import type { Place } from '../volume/store.js';
import type { Connection } from './connection.js';
import { ENOENT } from './errno.js';
import { readMap } from './operations.js';

const KEYS = ['csi.volname', 'csi.imagename', 'csi.imageid'] as const;

/** What ceph-csi's journal in a pool and namespace has of the volume with that UUID. */
export function journalEntry(
  connection: Connection,
  place: Place,
  uuid: string,
): Promise<JournalEntry | undefined> {
  return connection.inPool(
    place,
    async (io) => {
      const operation = `read the journal of ceph-csi in pool "${place.pool}"`;
      const found = await readMap(io, `csi.volume.${uuid}`, operation, { keys: KEYS });
      const [name, image, imageId] = KEYS.map((key) => found.get(key)?.toString());
      if (name === undefined || image === undefined) return undefined;
      return { name, image, imageId: imageId ?? '' };
    },
    { [ENOENT]: undefined },
  );
}
