import type { TaskGroup, VolumeRequest } from '../../allocations.js';
import type { Finding, Rule } from '../finding.js';
import { jobWords } from '../tasks.js';

/** Volumes that jobs wait for and that are not there, and groups that want one for more than it can serve. */
export const wantedVolumes: Rule = ({ jobs = [], volumes }) =>
  volumes === undefined
    ? []
    : jobs.flatMap((job) =>
        job.TaskGroups.flatMap((group) =>
          Object.values(group.Volumes ?? {})
            .filter(({ Type }) => Type === 'csi')
            .flatMap((request): Finding[] => {
              const missing = sourcesOf(group, request).filter(
                (id) =>
                  !volumes.some(({ ID, Namespace }) => ID === id && Namespace === job.Namespace),
              );
              const subject = `${jobWords(job)}, group "${group.Name}"`;
              return [
                ...absent(subject, job.Namespace, missing),
                ...crowded(subject, group, request),
                ...canaries(subject, group, request),
              ];
            }),
        ),
      );

/** With per_alloc each allocation has a volume of its own, by its number. */
function sourcesOf({ Count }: TaskGroup, { Source, PerAlloc }: VolumeRequest): string[] {
  return PerAlloc ? Array.from({ length: Count }, (_, at) => `${Source}[${at}]`) : [Source];
}

function absent(subject: string, namespace: string, missing: readonly string[]): Finding[] {
  if (missing.length === 0) return [];
  const names = missing.map((id) => `"${id}"`).join(', ');
  return [
    {
      kind: 'volume-missing',
      severity: 'error',
      subject,
      problem: `it wants volume ${names}, and there is none in namespace "${namespace}"`,
      reason: 'its allocations are not placed',
      remedy: 'Create or register it in that namespace.',
    },
  ];
}

/** One allocation may have it at a time. */
function isForOne({ AccessMode, PerAlloc }: VolumeRequest): boolean {
  return !PerAlloc && AccessMode.startsWith('single-node-');
}

function crowded(subject: string, { Count }: TaskGroup, request: VolumeRequest): Finding[] {
  const { AccessMode, Source } = request;
  if (Count < 2 || !isForOne(request)) return [];
  return [
    {
      kind: 'one-volume-for-many',
      severity: 'warning',
      subject,
      problem: `its ${Count} allocations want volume "${Source}" as ${AccessMode}`,
      reason: 'only one node may have it at a time, and one writer: the rest wait',
      remedy: 'Set per_alloc = true and make a volume for each, or count = 1.',
    },
  ];
}

/** Nomad itself refuses canaries with per_alloc alone. */
function canaries(subject: string, { Update }: TaskGroup, request: VolumeRequest): Finding[] {
  const { AccessMode, Source } = request;
  if (!Update?.Canary || !isForOne(request)) return [];
  return [
    {
      kind: 'canary-without-volume',
      severity: 'warning',
      subject,
      problem: `its canaries want volume "${Source}" as ${AccessMode}, which the allocations that they stand beside have`,
      reason: 'they are not placed, and the deployment fails at its progress_deadline',
      remedy:
        'Set canary = 0 in its update block: the old allocation then ends before the new one.',
    },
  ];
}
