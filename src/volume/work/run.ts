import type { Effect } from '../effects.js';
import type { Cluster, StoredTask } from '../store.js';
import { flatten } from './flatten.js';
import { freeImage } from './free-image.js';
import { forget, type Job, later, type Outcome } from './outcome.js';
import type { SnapshotTask, Task } from './tasks.js';

/** Does a task and forgets it. It can be cut short anywhere and done again. Fails with a VolumeError. */
export function runTask(
  cluster: Cluster,
  index: 'names' | 'snapshotNames',
  stored: StoredTask,
  task: Task,
  effect: Effect,
): Promise<Outcome> {
  const job = { cluster, index: cluster[index], stored, effect };
  switch (task.kind) {
    case 'image':
      return freeImage({ ...job, task });
    case 'snapshot':
      return removeSnapshot({ ...job, task });
    case 'flatten':
      return flatten({ ...job, task });
  }
}

async function removeSnapshot(job: Job<SnapshotTask>): Promise<Outcome> {
  const { cluster, effect, task } = job;
  const removed = await effect('work/remove-snapshot', () =>
    cluster.removeSnapshot(task, task.imageId, task.snapshot),
  );
  return removed === 'busy' ? later() : forget(job, [task.imageId]);
}
