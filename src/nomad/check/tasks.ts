import type { PluginTask, Task, TaskGroup } from '../allocations.js';
import type { Job } from '../jobs.js';
import type { NodeStub } from '../nodes.js';
import type { ClusterView } from './view.js';

/** A task that is a CSI plugin. */
export interface PluginTaskOf {
  readonly job: Job;
  readonly group: TaskGroup;
  readonly task: Task;
  readonly plugin: PluginTask;
}

export function pluginTasks({ jobs = [] }: ClusterView): readonly PluginTaskOf[] {
  return jobs.flatMap((job) =>
    job.TaskGroups.flatMap((group) =>
      (group.Tasks ?? []).flatMap((task) => {
        const plugin = task.CSIPluginConfig;
        return plugin ? [{ job, group, task, plugin }] : [];
      }),
    ),
  );
}

/** True for a plugin that mounts. */
export function mounts({ plugin }: PluginTaskOf): boolean {
  return plugin.Type !== 'controller';
}

/** Clients that jobs can be placed on. */
export function usableNodes({ nodes = [] }: ClusterView): readonly NodeStub[] {
  return nodes.filter(
    ({ Status, SchedulingEligibility }) =>
      Status === 'ready' && SchedulingEligibility === 'eligible',
  );
}

/** `job "pannier-node"`, with its namespace where that is not the default one. */
export function jobWords({ ID, Namespace }: Job): string {
  return Namespace === 'default' ? `job "${ID}"` : `job "${ID}" in namespace "${Namespace}"`;
}

/** Names of clients in a sentence: the first few, and how many more. */
export function clientWords(names: readonly string[]): string {
  const shown = names
    .toSorted()
    .slice(0, 5)
    .map((name) => `"${name}"`);
  const more = names.length - shown.length;
  const words = more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`;
  return `${names.length === 1 ? 'client' : 'clients'} ${words}`;
}
