import type { Source } from '../controller.js';
import { fail } from '../errors.js';
import { findImage } from '../find.js';
import { parseHandle } from '../handle.js';
import { isBeingDeleted } from '../marks.js';
import { findSnapshot } from '../snapshot/find.js';
import type { Cluster, Place } from '../store.js';

/** Where the content of a volume comes from, in Ceph. */
export interface Origin extends Place {
  readonly imageId: string;
  readonly sizeBytes: bigint;
  /** The RBD snapshot to clone; undefined for a volume, of which one is yet to be taken. */
  readonly snapshot: string | undefined;
}

/**
 * Looks up what a volume is to be made from. Fails with volume-not-found and snapshot-not-found, and with
 * being-deleted.
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
    return { pool, namespace, imageId: image, sizeBytes: BigInt(sizeBytes), snapshot };
  }
  const handle = parseHandle(source.id);
  const image = handle?.cluster === cluster.name ? await findImage(cluster, handle) : undefined;
  if (handle === undefined || image === undefined) fail('volume-not-found', { volume: source.id });
  if (isBeingDeleted(image)) fail('being-deleted', { volume: source.id });
  const { pool, namespace } = handle;
  return { pool, namespace, imageId: image.id, sizeBytes: image.sizeBytes, snapshot: undefined };
}
