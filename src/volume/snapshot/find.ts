import type { Cluster, ImageSnapshot } from '../store.js';
import { keyOfSnapshotName, parseSnapshotHandle } from './handle.js';
import { type PlannedSnapshot, parseSnapshot, type SnapshotRecord } from './record.js';

/** The snapshot that an id names, as the index has it, or undefined. It does not look whether RBD still has it. */
export async function findSnapshot(
  cluster: Cluster,
  snapshotId: string,
): Promise<SnapshotRecord | undefined> {
  const handle = parseSnapshotHandle(snapshotId);
  const key = handle && keyOfSnapshotName(handle.snapshot);
  if (key === undefined || handle?.volume.cluster !== cluster.name) return undefined;
  const record = parseSnapshot(await cluster.snapshotNames.read(key));
  return record?.handle === snapshotId ? record : undefined;
}

/** What RBD has of a snapshot; undefined where somebody removed it, of which clones may be left. */
export async function findTaken(
  cluster: Cluster,
  { pool, namespace, image, snapshot }: PlannedSnapshot,
): Promise<ImageSnapshot | undefined> {
  const all = await cluster.snapshots({ pool, namespace }, image);
  return all?.find(({ name, kind }) => name === snapshot && kind === 'user');
}
