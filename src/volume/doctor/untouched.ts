import { discard } from '../create/discard.js';
import type { VolumeHandle } from '../handle.js';
import { publishedNodesOf } from '../marks.js';
import type { PlannedVolume } from '../record.js';
import type { Cluster, Image, ImageSpec } from '../store.js';
import { usersOf } from '../users.js';
import type { Ward } from './trouble.js';

/** True for an image that nobody uses and that holds nothing but what its creation put there. */
export async function isUntouched(
  cluster: Cluster,
  spec: ImageSpec,
  image: Image,
): Promise<boolean> {
  if (publishedNodesOf(image).length > 0) return false;
  const [users, snapshots] = await Promise.all([
    usersOf(cluster, spec, image.id),
    cluster.snapshots(spec, image.id),
  ]);
  if (users.length > 0 || (snapshots ?? []).some(({ kind }) => kind === 'user')) return false;
  return cluster.isBlank(spec);
}

/** Throws an image away that is as `expected` and untouched, in the way of a creation; false where it is not. */
export async function throwAway(
  { controller, cluster }: Ward,
  key: string,
  handle: VolumeHandle,
  planned: PlannedVolume,
  expected: (image: Image) => boolean,
): Promise<boolean> {
  const image = await cluster.readImage(handle);
  if (image === undefined || !expected(image)) return false;
  if (!(await isUntouched(cluster, handle, image))) return false;
  await discard(controller, cluster, key, handle, image, planned);
  return true;
}
