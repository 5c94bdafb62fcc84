import type { Effect } from '../effects.js';
import type { Cluster, Index, StoredTask } from '../store.js';
import type { Task } from './tasks.js';

/** What became of a task. */
export interface Outcome {
  readonly done: boolean;
  /** Where it is not: from when on it is to be tried again (as Date.now() counts). */
  readonly notBefore: number;
  /** Ids of images that something else may have waited for. */
  readonly releases?: readonly string[];
}

/** A task, and what it takes to do it. */
export interface Job<T extends Task> {
  readonly cluster: Cluster;
  readonly index: Index;
  readonly stored: StoredTask;
  readonly task: T;
  readonly effect: Effect;
}

const RETRY_MS = 30_000;

/** The task is done, and taken away. */
export async function forget(
  { index, stored, effect }: Job<Task>,
  releases: readonly string[] = [],
): Promise<Outcome> {
  await effect('work/drop-task', () => index.swapTask(stored, stored.value, undefined));
  return { done: true, notBefore: 0, releases };
}

/** The task must wait, until a moment or a little. */
export function later(notBefore = Date.now() + RETRY_MS): Outcome {
  return { done: false, notBefore };
}
