import type { AllocationStub, TaskGroup } from './allocations.js';
import type { Answer, NomadClient, ReadOptions } from './client.js';

/** What Nomad tells of a job in a list. */
export interface JobStub {
  readonly ID: string;
  readonly Name: string;
  readonly Namespace: string;
  readonly Type: string;
  /** pending, running or dead. */
  readonly Status: string;
  readonly Stop: boolean;
}

export interface Job extends JobStub {
  readonly TaskGroups: readonly TaskGroup[];
}

const NEEDS = 'the capability "read-job"';

/** All jobs, or those whose ID begins so. */
export async function listJobs(
  nomad: NomadClient,
  { prefix, ...options }: ReadOptions & { readonly prefix?: string } = {},
): Promise<Answer<readonly JobStub[]>> {
  const answer = await nomad.read<readonly JobStub[] | null>('/v1/jobs', {
    ...options,
    query: { prefix: prefix || undefined },
    needs: 'the capability "list-jobs"',
  });
  return { ...answer, document: answer.document ?? [] };
}

/** A job by its whole ID, or undefined where Nomad has none. */
export async function readJob(
  nomad: NomadClient,
  id: string,
  options: ReadOptions = {},
): Promise<Answer<Job> | undefined> {
  const path = `/v1/job/${encodeURIComponent(id)}`;
  const answer = await nomad.find<Partial<Job>>(path, { ...options, needs: NEEDS });
  if (answer === undefined) return undefined;
  const document = answer.document as Job;
  return { ...answer, document: { ...document, TaskGroups: answer.document.TaskGroups ?? [] } };
}

/** A job's allocations; none where there is no such job. */
export async function listJobAllocations(
  nomad: NomadClient,
  id: string,
  options: ReadOptions = {},
): Promise<Answer<readonly AllocationStub[]>> {
  const path = `/v1/job/${encodeURIComponent(id)}/allocations`;
  const answer = await nomad.read<readonly AllocationStub[] | null>(path, {
    ...options,
    needs: NEEDS,
  });
  return { ...answer, document: answer.document ?? [] };
}
