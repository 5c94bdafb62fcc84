import type { NomadUser } from './user.js';

/** What tests look at in an allocation, as Nomad lists it. */
export interface Allocation {
  readonly ID: string;
  readonly Name: string;
  readonly NodeID: string;
  readonly JobVersion: number;
  readonly ClientStatus: 'pending' | 'running' | 'complete' | 'failed' | 'lost' | 'unknown';
  readonly DesiredStatus: 'run' | 'stop' | 'evict';
  readonly TaskStates: Readonly<Record<string, TaskState>> | null;
}

interface TaskState {
  readonly State: string;
  readonly Failed: boolean;
  readonly Restarts: number;
  readonly Events: readonly { readonly Type: string; readonly DisplayMessage: string }[];
}

export function allocationsOf(nomad: NomadUser, job: string, query = ''): Promise<Allocation[]> {
  return nomad.get(pathOf(job, query));
}

export interface Expected {
  readonly count?: number;
  /** The id of the node that all of them must be on. */
  readonly node?: string;
  /** "namespace=prod", for one. */
  readonly query?: string;
}

/** Waits until a job has so many running allocations and none that still ends, and returns them. */
export async function running(
  nomad: NomadUser,
  job: string,
  { count = 1, node, query = '' }: Expected = {},
): Promise<Allocation[]> {
  const wanted = (one: Allocation) =>
    one.DesiredStatus === 'run' && isRunning(one) && (node === undefined || one.NodeID === node);
  const all = await nomad.until<Allocation[]>(
    pathOf(job, query),
    (found) => found.filter(wanted).length === count && !found.some(isEnding),
  );
  return all.filter(wanted);
}

/** Waits until a batch job's allocation has ended well. One that fails is an error that says why. */
export async function completed(nomad: NomadUser, job: string, query = ''): Promise<Allocation> {
  const all = await nomad.until<Allocation[]>(pathOf(job, query), (found) =>
    found.some(({ ClientStatus }) => ['complete', 'failed'].includes(ClientStatus)),
  );
  const done = all.find(({ ClientStatus }) => ClientStatus === 'complete');
  if (done === undefined) throw new Error(`${job} failed: ${all.map(eventsOf).join('\n')}`);
  return done;
}

/** Waits until no allocation of a job runs any more. */
export async function ended(nomad: NomadUser, job: string, query = ''): Promise<void> {
  await nomad.until<Allocation[]>(
    pathOf(job, query),
    (found) => !found.some((one) => isRunning(one) || one.ClientStatus === 'pending'),
  );
}

/** What happened to an allocation's tasks, a line an event. */
export function eventsOf({ ID, TaskStates }: Allocation): string {
  return Object.entries(TaskStates ?? {})
    .flatMap(([task, { Events }]) =>
      Events.map(({ Type, DisplayMessage }) => `${ID} ${task}: ${Type}: ${DisplayMessage}`),
    )
    .join('\n');
}

function pathOf(job: string, query: string): string {
  return `/v1/job/${encodeURIComponent(job)}/allocations${query === '' ? '' : `?${query}`}`;
}

function isRunning({ ClientStatus }: Allocation): boolean {
  return ClientStatus === 'running';
}

function isEnding(one: Allocation): boolean {
  return one.DesiredStatus !== 'run' && isRunning(one);
}
