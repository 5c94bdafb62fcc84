import { fail } from '../errors.js';
import type { Cluster, Place } from '../store.js';

/** A clone with more parents than this, one behind the other, is flattened in the background. */
export const MOST_PARENTS = 4;
/** What Ceph's kernel client opens, less some room: where flattening is that far behind, it must be waited for. */
const LIMIT = 12;

interface InPlace extends Place {
  readonly imageId: string;
}

/** How many parents an image has, one behind the other. Fails with too-deep where they are too many to add one. */
export async function parentsOf(cluster: Cluster, image: InPlace): Promise<number> {
  const parents = await count(cluster, image, LIMIT);
  if (parents > LIMIT) fail('too-deep', { image: image.imageId, parents: `more than ${LIMIT}` });
  return parents;
}

/** True for an image that is to be flattened. */
export async function isDeep(cluster: Cluster, image: InPlace): Promise<boolean> {
  return (await count(cluster, image, MOST_PARENTS)) > MOST_PARENTS;
}

/** Counts the parents of an image, up to one more than `most`. */
async function count(cluster: Cluster, image: InPlace, most: number): Promise<number> {
  let at: InPlace | undefined = image;
  for (let parents = 0; parents <= most; parents++) {
    at = (await cluster.readImageById(at, at.imageId))?.parent;
    if (at === undefined) return parents;
  }
  return most + 1;
}
