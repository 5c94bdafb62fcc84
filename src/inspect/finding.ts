import { commandLine } from './command-line.js';
import type { Known } from './known.js';

/** All that can be found; each is in docs/reference/inspection.md. */
export const FINDING_KINDS = [
  'claim-of-ended-allocation',
  'claim-on-lost-node',
  'claim-without-allocation',
  'claim-without-publication',
  'deleted',
  'device-gone',
  'device-smaller',
  'file-system-smaller',
  'image-gone',
  'image-without-entry',
  'image-without-record',
  'lock-without-client',
  'mesos-disk-of-several-agents',
  'mesos-disk-twice',
  'mesos-disk-without-image',
  'mount-missing',
  'mount-read-only',
  'nomad-volume-without-image',
  'object-map-invalid',
  'plugin-unhealthy',
  'published-without-claim',
  'record-differs',
  'record-without-image',
  'registered-twice',
  'size-differs',
  'staged-without-claim',
  'unfinished-creation',
  'unfinished-deletion',
  'unfinished-staging',
  'unknown-mount',
  'watcher-is-no-node',
  'watcher-on-lost-node',
  'watcher-without-claim',
] as const;

export type FindingKind = (typeof FINDING_KINDS)[number];

/** Something that does not fit together. */
export interface Finding {
  readonly kind: FindingKind;
  /** The part of the page that it belongs to. */
  readonly part: Part;
  /** 'error': data or a workload is at stake, or a claim is stuck. 'warning': it works all the same. */
  readonly severity: 'error' | 'warning';
  /** One sentence: what is wrong. */
  readonly problem: string;
  /** One sentence: what to do, or what the command does. */
  readonly remedy: string;
  /** What mends it; null where no command can. */
  readonly command: string | null;
}

export type Part =
  | 'nomad'
  | 'mesos'
  | 'claims'
  | 'record'
  | 'image'
  | 'watchers'
  | 'locks'
  | 'mounts';

/** Looks for one sort of inconsistency. What is not known is no finding. */
export type Rule = (known: Known) => readonly Finding[];

/** One of Nomad's own command lines on a volume, in its namespace. */
export function nomadVolumeCommand(
  verb: string,
  { ID, Namespace }: { readonly ID: string; readonly Namespace: string },
  ...rest: readonly string[]
): string {
  const namespace = Namespace === 'default' ? [] : [`-namespace=${Namespace}`];
  return commandLine('nomad', 'volume', verb, ...namespace, ID, ...rest);
}

/** Has an allocation ended, so that its job's next one takes the volume anew. */
export function stopCommand(allocation: {
  readonly ID: string;
  readonly Namespace: string;
}): string {
  const namespace =
    allocation.Namespace === 'default' ? [] : [`-namespace=${allocation.Namespace}`];
  return commandLine('nomad', 'alloc', 'stop', ...namespace, allocation.ID);
}
