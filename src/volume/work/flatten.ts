import { isDeep } from './depth.js';
import { forget, type Job, later, type Outcome } from './outcome.js';
import { type FlattenTask, taskOf } from './tasks.js';

/** How often the progress is written down, in milliseconds. */
const TELL_MS = 2_000;

/** Flattens a clone, unless its chain of parents became short by itself or it was deleted. */
export async function flatten(job: Job<FlattenTask>): Promise<Outcome> {
  const { cluster, index, effect, task } = job;
  const image = await cluster.readImageById(task, task.imageId);
  if (image === undefined || (await cluster.nameOf(task, task.imageId)) === undefined)
    return forget(job);
  const { parent } = image;
  // What was begun is ended: without a parent there may still be something to put in order.
  const isBegun = parent === undefined || task.percent > 0;
  if (!isBegun && !(await isDeep(cluster, task))) return forget(job);
  let { stored } = job;
  let told = Date.now();
  let telling: Promise<void> = Promise.resolve();
  const tell = async (percent: number) => {
    const { value } = taskOf({ ...task, percent });
    const outcome = await effect('work/tell-progress', () =>
      index.swapTask(stored, stored.value, value),
    );
    if (outcome === 'swapped') stored = { ...stored, value };
  };
  const flattened = await effect('work/flatten-image', () =>
    cluster.flattenImage(task, task.imageId, parent, (percent) => {
      if (Date.now() - told < TELL_MS) return;
      told = Date.now();
      telling = telling.then(() => tell(percent)).catch(() => undefined);
    }),
  );
  await telling;
  return flattened === 'busy'
    ? later()
    : forget({ ...job, stored }, parent === undefined ? [] : [parent.imageId]);
}
