import type { Controller } from '../controller.js';
import { isDiscarded } from '../marks.js';
import { ownRecord } from '../record.js';
import type { Cluster } from '../store.js';
import { type ImageTask, parseTask } from '../work/tasks.js';

/** A deleted volume whose data is there still. */
export interface DeletedVolume {
  /** The handle that it had. */
  readonly handle: string;
  /** The CSI name that it had. */
  readonly name: string;
  /** RBD's id of the image. */
  readonly imageId: string;
  readonly sizeBytes: bigint;
  readonly deleted: Date;
  /** Until when it is kept at least. */
  readonly until: Date;
  /** Snapshots that keep it beyond that, those that only clones hold included. */
  readonly snapshots: number;
  /** Its space is being freed: it can't be taken back. */
  readonly freeing: boolean;
}

/** Deleted volumes, the last one first. */
export async function listDeleted({ clusters }: Controller): Promise<readonly DeletedVolume[]> {
  const found = await Promise.all(clusters.names.map((name) => listDeletedIn(clusters.get(name))));
  return found.flat().sort((left, right) => right.deleted.getTime() - left.deleted.getTime());
}

/** Those of one cluster. */
export async function listDeletedIn(cluster: Cluster): Promise<DeletedVolume[]> {
  const tasks = (await cluster.names.listTasks()).map(({ value }) => parseTask(value));
  const volumes = await Promise.all(
    tasks.map((task) => (task?.kind === 'image' ? toDeleted(cluster, task) : undefined)),
  );
  return volumes.filter((volume) => volume !== undefined);
}

async function toDeleted(cluster: Cluster, task: ImageTask): Promise<DeletedVolume | undefined> {
  const [image, snapshots] = await Promise.all([
    cluster.readImageById(task, task.imageId),
    cluster.snapshots(task, task.imageId),
  ]);
  const record = image && ownRecord(image);
  // Gone by now, or thrown away by a creation: that was never a volume.
  if (image === undefined || record === undefined || isDiscarded(image)) return undefined;
  const { handle, name, imageId, begun } = task;
  return {
    ...{ handle, name, imageId, sizeBytes: image.sizeBytes },
    ...{ deleted: new Date(task.deleted), until: new Date(task.until) },
    ...{ snapshots: snapshots?.length ?? 0, freeing: begun },
  };
}
