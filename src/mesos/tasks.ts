import type { MesosClient } from './client.js';
import type { Resource, Valued } from './resources.js';

/** A task that has a volume, by its own resources or by its container. */
export interface TaskUse {
  readonly volumeId: string;
  readonly taskId: string;
  readonly taskName: string;
  readonly frameworkId: string;
  /** Null where the agent does not tell. */
  readonly frameworkName: string | null;
  /** TASK_RUNNING, for one. */
  readonly state: string;
  readonly readonly: boolean;
  /** 'disk': a resource provider's. 'csi': through the isolator volume/csi. */
  readonly through: 'disk' | 'csi';
  /** As the container sees it; null where Mesos does not tell. */
  readonly containerPath: string | null;
}

interface ContainerInfo {
  readonly volumes?: ReadonlyArray<{
    readonly container_path: string;
    readonly mode?: string;
    readonly source?: {
      readonly csi_volume?: { readonly static_provisioning?: { readonly volume_id: string } };
    };
  }>;
}

interface Task {
  readonly name: string;
  readonly task_id: Valued;
  readonly framework_id: Valued;
  readonly executor_id?: Valued;
  readonly state: string;
  readonly resources?: readonly Resource[];
  readonly container?: ContainerInfo;
}

interface Executor {
  readonly executor_info: {
    readonly executor_id: Valued;
    readonly framework_id?: Valued;
    readonly resources?: readonly Resource[];
    readonly container?: ContainerInfo;
  };
}

interface State {
  readonly get_tasks?: {
    readonly launched_tasks?: readonly Task[];
    readonly queued_tasks?: readonly Task[];
  };
  readonly get_executors?: { readonly executors?: readonly Executor[] };
  readonly get_frameworks?: {
    readonly frameworks?: ReadonlyArray<{
      readonly framework_info: { readonly id?: Valued; readonly name: string };
    }>;
  };
}

/** Tasks of an agent that have a volume and are not over. An executor's volumes are all its tasks'. */
export async function listUses(agent: MesosClient): Promise<readonly TaskUse[]> {
  const state = await agent.ask<State>({ type: 'GET_STATE' });
  const frameworks = new Map(
    (state.get_frameworks?.frameworks ?? []).map(({ framework_info: { id, name } }) => [
      id?.value,
      name,
    ]),
  );
  const executors = new Map(
    (state.get_executors?.executors ?? []).map(({ executor_info: info }) => [
      `${info.framework_id?.value} ${info.executor_id.value}`,
      info,
    ]),
  );
  const { launched_tasks: launched = [], queued_tasks: queued = [] } = state.get_tasks ?? {};
  return [...launched, ...queued].flatMap((task) => {
    const framework = task.framework_id.value;
    const executor = executors.get(`${framework} ${task.executor_id?.value ?? task.task_id.value}`);
    return [task, ...(executor ? [executor] : [])].flatMap(usesOf).map((use) => ({
      ...use,
      taskId: task.task_id.value,
      taskName: task.name,
      frameworkId: framework,
      frameworkName: frameworks.get(framework) ?? null,
      state: task.state,
    }));
  });
}

type Use = Pick<TaskUse, 'volumeId' | 'readonly' | 'through' | 'containerPath'>;

function usesOf({
  resources = [],
  container,
}: {
  readonly resources?: readonly Resource[];
  readonly container?: ContainerInfo;
}): Use[] {
  const disks = resources.flatMap(({ disk }): Use[] => {
    const { source, volume } = disk ?? {};
    if (source?.id === undefined) return [];
    const readonly = volume?.mode === 'RO';
    const containerPath = volume?.container_path ?? null;
    return [{ volumeId: source.id, readonly, through: 'disk', containerPath }];
  });
  const volumes = (container?.volumes ?? []).flatMap((volume): Use[] => {
    const id = volume.source?.csi_volume?.static_provisioning?.volume_id;
    if (id === undefined) return [];
    const { mode, container_path: containerPath } = volume;
    return [{ volumeId: id, readonly: mode === 'RO', through: 'csi', containerPath }];
  });
  return [...disks, ...volumes];
}
