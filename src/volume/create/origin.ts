import type { Source } from '../controller.js';
import { fail } from '../errors.js';
import { findImage } from '../find.js';
import { parseHandle } from '../handle.js';
import { isBeingDeleted } from '../marks.js';
import { findSnapshot } from '../snapshot/find.js';
import type { Cluster, Place } from '../store.js';
import { parentsOf } from '../work/depth.js';

/** Where the content of a volume comes from, in Ceph. */
export interface Origin extends Place {
  readonly imageId: string;
  readonly sizeBytes: bigint;
  /** The RBD snapshot to clone; undefined for a volume, of which one is yet to be taken. */
  readonly snapshot: string | undefined;
  /** How many parents it has, one behind the other. */
  readonly parents: number;
}

/**
 * Looks up what a volume is to be made from. Fails with volume-not-found and snapshot-not-found, and with
 * being-deleted and too-deep.
 */
export async function findOrigin(
  cluster: Cluster,
  source: Source | undefined,
): Promise<Origin | undefined> {
  if (source === undefined) return undefined;
  if (source.kind === 'snapshot') {
    const record = await findSnapshot(cluster, source.id);
    if (record === undefined) fail('snapshot-not-found', { snapshot: source.id });
    const { pool, namespace, image, snapshot, sizeBytes } = record;
    const at = { pool, namespace, imageId: image };
    const parents = await parentsOf(cluster, at);
    return { ...at, sizeBytes: BigInt(sizeBytes), snapshot, parents };
  }
  const handle = parseHandle(source.id);
  const image = handle?.cluster === cluster.name ? await findImage(cluster, handle) : undefined;
  if (handle === undefined || image === undefined) fail('volume-not-found', { volume: source.id });
  if (isBeingDeleted(image)) fail('being-deleted', { volume: source.id });
  const { pool, namespace } = handle;
  const at = { pool, namespace, imageId: image.id };
  const parents = await parentsOf(cluster, at);
  return { ...at, sizeBytes: image.sizeBytes, snapshot: undefined, parents };
}
