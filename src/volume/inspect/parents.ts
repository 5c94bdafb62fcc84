import { ownRecord } from '../record.js';
import type { Cluster, Image } from '../store.js';
import type { InspectedParent } from './inspected.js';

/** RBD gives up at 16; a chain beyond that is not followed. */
const MOST_PARENTS = 32;

/** The snapshot that an image is a clone of, the one that its image is a clone of, and so on. */
export async function inspectParents(cluster: Cluster, image: Image): Promise<InspectedParent[]> {
  const found: InspectedParent[] = [];
  let { parent } = image;
  while (parent !== undefined && found.length < MOST_PARENTS) {
    const { pool, namespace, imageId, snapshotId } = parent;
    const place = { pool, namespace };
    const [source, name, snapshots] = await Promise.all([
      cluster.readImageById(place, imageId),
      cluster.nameOf(place, imageId),
      cluster.snapshots(place, imageId),
    ]);
    found.push({
      ...{ pool, namespace, imageId, image: name },
      snapshot: snapshots?.find(({ id }) => id === snapshotId)?.name,
      volume: source && ownRecord(source)?.handle,
    });
    parent = source?.parent;
  }
  return found;
}
