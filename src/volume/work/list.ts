import type { Controller } from '../controller.js';
import { parseTask, type Task } from './tasks.js';

/** What is left to do in the background, in every cluster. */
export async function listWork({
  clusters,
}: Controller): Promise<ReadonlyArray<{ readonly cluster: string; readonly task: Task }>> {
  const found = await Promise.all(
    clusters.names.map(async (name) => {
      const cluster = clusters.get(name);
      const stored = [cluster.names.listTasks(), cluster.snapshotNames.listTasks()];
      return (await Promise.all(stored))
        .flat()
        .map(({ value }) => parseTask(value))
        .filter((task) => task !== undefined)
        .map((task) => ({ cluster: name, task }));
    }),
  );
  return found.flat();
}
