import type { Answer, NomadClient, ReadOptions } from './client.js';
import type { Integer } from './values.js';

export interface TaskState {
  readonly State: string;
  readonly Failed: boolean;
  readonly Restarts: number;
  readonly StartedAt?: string | null;
  readonly FinishedAt?: string | null;
  readonly Events?: ReadonlyArray<{
    readonly Type: string;
    readonly Time: Integer;
    readonly DisplayMessage: string;
  }> | null;
}

/** What Nomad tells of an allocation in a list, and of those that claim a volume. */
export interface AllocationStub {
  readonly ID: string;
  readonly EvalID: string;
  readonly Name: string;
  readonly Namespace: string;
  readonly NodeID: string;
  readonly NodeName: string;
  readonly JobID: string;
  readonly JobType: string;
  readonly JobVersion: number;
  readonly TaskGroup: string;
  /** run, stop or evict. */
  readonly DesiredStatus: string;
  readonly DesiredDescription: string;
  /** pending, running, complete, failed, lost or unknown. */
  readonly ClientStatus: string;
  readonly ClientDescription: string;
  readonly TaskStates?: Readonly<Record<string, TaskState>> | null;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  /** Nanoseconds since 1970. */
  readonly CreateTime: Integer;
  readonly ModifyTime: Integer;
}

/** A volume that a job's group asks for, under its name there. */
export interface VolumeRequest {
  readonly Name: string;
  readonly Type: string;
  readonly Source: string;
  readonly ReadOnly: boolean;
  readonly PerAlloc: boolean;
  readonly AccessMode: string;
  readonly AttachmentMode: string;
}

/** How a task that is a CSI plugin is to be treated. */
export interface PluginTask {
  /** The plugin's ID. */
  readonly ID: string;
  /** controller, node or monolith. */
  readonly Type: string;
  readonly MountDir: string;
  /** Empty in old versions: "/local/csi". */
  readonly StagePublishBaseDir?: string;
}

export interface Task {
  readonly Name: string;
  readonly Driver: string;
  /** The driver's own, as the job has it. */
  readonly Config?: Readonly<Record<string, unknown>> | null;
  readonly CSIPluginConfig?: PluginTask | null;
}

export interface TaskGroup {
  readonly Name: string;
  readonly Count: number;
  readonly Volumes?: Readonly<Record<string, VolumeRequest>> | null;
  readonly Update?: { readonly Canary: number } | null;
  readonly Tasks?: readonly Task[] | null;
}

export interface Allocation extends AllocationStub {
  readonly Job?: { readonly ID: string; readonly TaskGroups?: readonly TaskGroup[] | null } | null;
  readonly NextAllocation?: string;
  readonly PreviousAllocation?: string;
}

const NEEDS = 'the capability "read-job"';

/** True for an allocation that is over, and that nothing will start again. */
export function isOver({ ClientStatus, DesiredStatus }: AllocationStub): boolean {
  return (
    ['complete', 'failed', 'lost'].includes(ClientStatus) ||
    (DesiredStatus !== 'run' && ClientStatus === 'pending')
  );
}

/** Allocations, or those whose ID begins so. */
export async function listAllocations(
  nomad: NomadClient,
  { prefix, ...options }: ReadOptions & { readonly prefix?: string } = {},
): Promise<Answer<readonly AllocationStub[]>> {
  const answer = await nomad.read<readonly AllocationStub[] | null>('/v1/allocations', {
    ...options,
    query: { prefix: prefix || undefined },
    needs: NEEDS,
  });
  return { ...answer, document: answer.document ?? [] };
}

/** An allocation by its whole ID, or undefined where Nomad has none: it forgets those that are over. */
export async function readAllocation(
  nomad: NomadClient,
  id: string,
  options: ReadOptions = {},
): Promise<Answer<Allocation> | undefined> {
  const path = `/v1/allocation/${encodeURIComponent(id)}`;
  return nomad.find<Allocation>(path, { ...options, needs: NEEDS });
}
