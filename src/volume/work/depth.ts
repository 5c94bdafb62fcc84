import { fail } from '../errors.js';
import type { Cluster, Place } from '../store.js';

/** A clone with more parents than this, one behind the other, is flattened in the background. */
export const MOST_PARENTS = 4;
/** What Ceph's kernel client opens, less some room: where flattening is that far behind, it must be waited for. */
const LIMIT = 12;

/** How many parents an image has, one behind the other. Fails with too-deep where they are too many to add one. */
export async function parentsOf(
  cluster: Cluster,
  image: Place & { readonly imageId: string },
): Promise<number> {
  let at: (Place & { readonly imageId: string }) | undefined = image;
  for (let parents = 0; ; parents++) {
    at = (await cluster.readImageById(at, at.imageId))?.parent;
    if (at === undefined) return parents;
    if (parents >= LIMIT) fail('too-deep', { image: image.imageId, parents: `${parents + 1}` });
  }
}
