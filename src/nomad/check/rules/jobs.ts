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

function crowded(subject: string, { Count }: TaskGroup, request: VolumeRequest): Finding[] {
  const { AccessMode, Source, PerAlloc } = request;
  if (PerAlloc || Count < 2 || !AccessMode.startsWith('single-node-')) return [];
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
