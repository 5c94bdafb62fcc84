import type { Controller } from '../controller.js';
import type { Credentials } from '../store.js';
import { taskOf } from '../work/tasks.js';
import { keyOfSnapshotName, parseSnapshotHandle } from './handle.js';
import { parsePending, parseSnapshot } from './record.js';

/** How often another controller may get in between; it can only have deleted the snapshot. */
const ROUNDS = 4;

/**
 * DeleteSnapshot. From its answer on nobody can list or clone the snapshot. RBD's own goes in the background, where
 * it waits for a proposal of the monitors: its name is never used again, so that nothing can meet it.
 */
export async function deleteSnapshot(
  controller: Controller,
  snapshotId: string,
  credentials: Credentials | undefined,
): Promise<void> {
  const handle = parseSnapshotHandle(snapshotId);
  const key = handle && keyOfSnapshotName(handle.snapshot);
  const { names } = controller.clusters;
  if (handle === undefined || key === undefined || !names.includes(handle.volume.cluster)) return;
  const cluster = controller.clusters.get(handle.volume.cluster, credentials);
  for (let round = 0; round < ROUNDS; round++) {
    const entry = await cluster.snapshotNames.read(key);
    const found = parseSnapshot(entry) ?? parsePending(entry);
    if (found?.handle !== snapshotId) return;
    const { pool, namespace, image, snapshot } = found;
    const task = taskOf({ kind: 'snapshot', pool, namespace, imageId: image, snapshot });
    const released = await controller.effect('deleteSnapshot/release-name', () =>
      cluster.snapshotNames.swap(key, entry, undefined, { put: [task] }),
    );
    if (released === 'swapped')
      return controller.work.add(cluster.name, 'snapshotNames', { key, ...task });
  }
}
