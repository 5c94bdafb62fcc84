import { type Controller, mustLocate } from '../controller.js';
import { fail } from '../errors.js';
import { parseTask, taskOf } from '../work/tasks.js';

/**
 * Ends the time for which deleted volumes of a handle are kept, or that of one of them. Answers RBD's ids of their
 * images, whose space is freed in the background.
 */
export async function freeDeleted(
  controller: Controller,
  volumeId: string,
  imageId: string,
): Promise<readonly string[]> {
  const { cluster } = mustLocate(controller, volumeId, undefined);
  const freed: string[] = [];
  for (const stored of await cluster.names.listTasks()) {
    const task = parseTask(stored.value);
    if (task?.kind !== 'image' || task.handle !== volumeId) continue;
    if (imageId !== '' && task.imageId !== imageId) continue;
    const { value } = taskOf({ ...task, until: Date.now() });
    const changed = await controller.effect('undelete/end-retention', () =>
      cluster.names.swapTask(stored, stored.value, value),
    );
    if (changed === 'differs') continue;
    freed.push(task.imageId);
    controller.work.add(cluster.name, 'names', { ...stored, value });
  }
  if (freed.length === 0) fail('not-in-trash', { volume: volumeId });
  return freed;
}
