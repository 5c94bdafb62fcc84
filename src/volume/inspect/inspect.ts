import type { Controller } from '../controller.js';
import { listDeletedIn } from '../delete/list-deleted.js';
import { fail } from '../errors.js';
import { findImage } from '../find.js';
import { formatHandle } from '../handle.js';
import type { Cluster } from '../store.js';
import { parseTask } from '../work/tasks.js';
import { Gaps } from './gaps.js';
import { inspectImage } from './image.js';
import type { InspectedVolume } from './inspected.js';
import { locateImage } from './locate.js';
import { inspectRecord } from './record.js';

export interface InspectRequest {
  readonly volumeId: string;
  /** The `volume_context` that the plugin gave which made it, where the orchestrator tells: ceph-csi's says where the image is. */
  readonly context: Readonly<Record<string, string>>;
  /** How long the objects of an image without an object map may be counted, in milliseconds. */
  readonly countMs: number;
}

/**
 * What Ceph and the plugin know of a volume, or of an image that no plugin made. It changes nothing. Fails with
 * volume-not-found where neither an image nor anything else tells of it, and as Cluster does where not even the
 * header can be read; what else cannot be read is a gap.
 */
export async function inspectVolume(
  controller: Controller,
  { volumeId, context, countMs }: InspectRequest,
): Promise<InspectedVolume> {
  const located = await locateImage(controller, volumeId, context);
  if (located === undefined) return fail('volume-not-found', { volume: volumeId });
  const { handle, cluster } = located;
  const image = await findImage(cluster, handle);
  const gaps = new Gaps();
  const id = formatHandle(handle);
  const [record, inspected, deleted, percent] = await Promise.all([
    gaps.read('record', inspectRecord(located, image), undefined),
    image && inspectImage(cluster, handle, image, countMs, gaps),
    gaps.read('deleted', listDeletedIn(cluster), []),
    gaps.read('work', flattenedPercent(cluster, id), undefined),
  ]);
  const trashed = deleted.filter((one) => one.handle === id);
  if (record === undefined && image === undefined && trashed.length === 0)
    fail('volume-not-found', { volume: volumeId });
  return {
    ...{ handle, record, image: inspected, deleted: trashed, gaps: gaps.found },
    flattenedPercent: percent,
  };
}

async function flattenedPercent(cluster: Cluster, id: string): Promise<number | undefined> {
  const tasks = (await cluster.names.listTasks()).map(({ value }) => parseTask(value));
  const found = tasks.find((task) => task?.kind === 'flatten' && task.handle === id);
  return found?.kind === 'flatten' ? found.percent : undefined;
}
