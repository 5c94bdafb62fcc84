import type { Controller } from '../controller.js';
import type { Cluster, Place, StoredTask } from '../store.js';
import type { Task } from '../work/tasks.js';
import { taskOf } from '../work/tasks.js';
import type { IndexName } from '../work/worker.js';
import type { Survey } from './survey.js';

/** Something that nobody owns or that does not fit together. */
export interface Trouble {
  /** A word for it, such as "entry-without-image". */
  readonly kind: string;
  /** The image, snapshot or index entry in question, in an operator's words. */
  readonly subject: string;
  /** What is wrong with it. */
  readonly problem: string;
  /** What it was seen by, as text: where that changes in a moment, somebody works on it. */
  readonly seen: string;
  /** Undefined where only a person can tell. */
  readonly remedy?: Remedy;
}

export interface Remedy {
  /** What is done, in words. */
  readonly words: string;
  /** Does it, where all is as it was seen still; false where it is not. Fails with a VolumeError. */
  readonly act: () => Promise<boolean>;
}

/** Something to look at. */
export interface Subject {
  /** Tells it from every other one. */
  readonly id: string;
  readonly look: () => Promise<readonly Trouble[]>;
}

/** What a look at a cluster works with. */
export interface Ward {
  readonly controller: Controller;
  readonly cluster: Cluster;
  readonly survey: Survey;
}

/** After so long nobody works any more on what a call began, in milliseconds: no call takes that long. */
export const ABANDONED_MS = 600_000;

export const placeName = ({ pool, namespace }: Place): string =>
  namespace === '' ? pool : `${pool}/${namespace}`;

/** `image "cluster/pool/name"`, and the CSI name of the volume where that is known. */
export function imageWords({ cluster }: Ward, place: Place, image: string, csiName = ''): string {
  const volume = csiName === '' ? '' : ` of volume "${csiName}"`;
  return `image "${cluster.name}/${placeName(place)}/${image}"${volume}`;
}

/** The same for an image that has no name any more. */
export function trashedWords({ cluster }: Ward, place: Place, id: string, csiName: string): string {
  const volume = csiName === '' ? '' : ` of volume "${csiName}"`;
  return `image id ${id} in the trash of "${cluster.name}/${placeName(place)}"${volume}`;
}

export function entryWords({ cluster }: Ward, index: IndexName, key: string, csiName = '') {
  const what = index === 'names' ? 'volume' : 'snapshot';
  const name = csiName === '' ? '' : `, ${what} "${csiName}"`;
  return `entry "${key}" in the index of ${what}s of cluster "${cluster.name}"${name}`;
}

/**
 * Leaves a task to the background where the entry beside it is as it was seen and there is no such task yet: it
 * may have been put there meanwhile, or the image be on its way back.
 */
export async function leaveTask(
  { controller, cluster }: Ward,
  index: IndexName,
  key: string,
  entry: string | undefined,
  task: Task,
): Promise<boolean> {
  const add: Pick<StoredTask, 'id' | 'value'> = taskOf(task);
  const left = await controller.effect('doctor/leave-task', () =>
    cluster[index].swap(key, entry, entry, { add: [add] }),
  );
  if (left === 'swapped') controller.work.add(cluster.name, index, { key, ...add });
  return left === 'swapped';
}
