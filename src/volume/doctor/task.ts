import { tombstoneName } from '../delete/tombstone.js';
import { isMarkedToGo } from '../marks.js';
import { type ImageTask, type Task, taskOf } from '../work/tasks.js';
import type { FoundTask } from './survey.js';
import { ABANDONED_MS, placeName, type Subject, type Trouble, type Ward } from './trouble.js';

/** Tasks that nobody can do, that are for nothing, or that wait for nothing. */
export function tasksInTrouble(ward: Ward): Subject[] {
  return ward.survey.tasks.map((found) => {
    const { index, stored } = found;
    return {
      id: `task ${index} ${stored.key} ${stored.id}`,
      look: async () => {
        const { task } = found;
        if (task === undefined) return [unreadable(ward, found)];
        const trouble =
          (await forNothing(ward, found, task)) ??
          (task.kind === 'image' ? await waiting(ward, found, task) : undefined);
        return trouble === undefined ? [] : [trouble];
      },
    };
  });
}

function subjectOf({ cluster }: Ward, { stored }: FoundTask, task?: Task): string {
  const what = task === undefined ? '' : `, image id ${task.imageId} in "${placeName(task)}"`;
  return `task "${stored.id}" beside entry "${stored.key}" of cluster "${cluster.name}"${what}`;
}

function unreadable(ward: Ward, found: FoundTask): Trouble {
  const { value } = found.stored;
  return {
    kind: 'unreadable-task',
    subject: subjectOf(ward, found),
    problem: `this version cannot read it, and leaves it to the one that wrote it: ${value.slice(0, 80)}`,
    seen: value,
  };
}

/** A task for an image that is gone with all that there was of it, or whose pool is. */
async function forNothing(ward: Ward, found: FoundTask, task: Task): Promise<Trouble | undefined> {
  const { controller, cluster, survey } = ward;
  const { index, stored } = found;
  const image = await survey.imageById(task, task.imageId);
  if (image !== undefined || survey.inTrash(task, task.imageId) !== undefined) return undefined;
  return {
    kind: 'task-for-nothing',
    subject: subjectOf(ward, found, task),
    problem: 'its image does not exist any more',
    seen: stored.value,
    remedy: {
      words: 'drop the task',
      async act() {
        const dropped = await controller.effect('doctor/drop-task', () =>
          cluster[index].swapTask(stored, stored.value, undefined),
        );
        return dropped === 'swapped';
      },
    },
  };
}

/** A tombstone without snapshots, whose task ought to have noticed long ago and is not held up by other work. */
async function waiting(
  ward: Ward,
  found: FoundTask,
  task: ImageTask,
): Promise<Trouble | undefined> {
  const { controller, cluster, survey } = ward;
  const { index, stored } = found;
  if (Date.now() - task.until < ABANDONED_MS || isFreeing(ward)) return undefined;
  if (survey.nameOf(task, task.imageId) !== tombstoneName(task.imageId)) return undefined;
  const image = await survey.imageById(task, task.imageId);
  if (image === undefined || !isMarkedToGo(image)) return undefined;
  if ((await survey.allSnapshots(task, task.imageId)).length > 0) return undefined;
  return {
    kind: 'tombstone-can-go',
    subject: subjectOf(ward, found, task),
    problem: `volume "${task.handle}" was deleted, no snapshot keeps it any more, and its space is not freed`,
    seen: stored.value,
    remedy: {
      words: 'let the background work look at it now',
      async act() {
        const { value } = taskOf({ ...task, until: Date.now() });
        const hurried = await controller.effect('doctor/hurry-task', () =>
          cluster[index].swapTask(stored, stored.value, value),
        );
        if (hurried !== 'swapped') return false;
        controller.work.add(cluster.name, index, { ...stored, value });
        return true;
      },
    },
  };
}

/** True while the background work frees images: it comes to the others. */
function isFreeing({ survey }: Ward): boolean {
  return survey.tasks.some(({ task }) => task?.kind === 'image' && task.begun);
}
