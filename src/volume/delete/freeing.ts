import type { Controller } from '../controller.js';
import { VolumeError } from '../errors.js';
import { parseHandle } from '../handle.js';
import { isBeingDeleted } from '../marks.js';
import type { VolumeRecord } from '../record.js';
import type { Cluster, Image, Place, StoredTask } from '../store.js';
import { taskOf } from '../work/tasks.js';

type Task = Pick<StoredTask, 'id' | 'value'>;

/** The work of freeing a volume that is deleted now, when the time for which it is kept is over. */
export function freeing(
  { retentionMs }: Pick<Controller, 'retentionMs'>,
  { pool, namespace }: Place,
  { handle, name, image }: VolumeRecord,
): Task {
  const deleted = Date.now();
  return taskOf({
    kind: 'image',
    ...{ pool, namespace, imageId: image, handle, name },
    ...{ deleted, until: deleted + retentionMs, begun: false },
  });
}

/**
 * The same for a volume whose deletion was cut short after its image lost its name, where there is one. An image that
 * no deletion marked was put away by an operator, and is left alone.
 */
export async function freeingOfUnnamed(
  controller: Pick<Controller, 'retentionMs'>,
  cluster: Cluster,
  record: VolumeRecord,
): Promise<Task[]> {
  const handle = parseHandle(record.handle);
  const image = handle && (await findById(cluster, handle, record.image));
  return image && isBeingDeleted(image) ? [freeing(controller, handle, record)] : [];
}

async function findById(cluster: Cluster, place: Place, id: string): Promise<Image | undefined> {
  try {
    return await cluster.readImageById(place, id);
  } catch (error) {
    if (error instanceof VolumeError && error.kind === 'unknown-pool') return undefined;
    throw error;
  }
}
