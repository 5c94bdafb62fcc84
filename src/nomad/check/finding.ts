import type { ClusterView } from './view.js';

/** All that can be found; each is in docs/reference/nomad-check.md. */
export const FINDING_KINDS = [
  'canary-without-volume',
  'capability-not-allowed',
  'claim-stuck',
  'client-lost',
  'client-without-plugin',
  'data-dir-not-shared',
  'device-missing',
  'driver-hides-mounts',
  'driver-missing',
  'host-paths-not-allowed',
  'instance-unhealthy',
  'mixed-versions',
  'network-not-host',
  'no-controller',
  'no-node',
  'no-plugin',
  'node-job-not-system',
  'one-controller',
  'one-volume-for-many',
  'privileged-not-allowed',
  'privileges-missing',
  'provider-differs',
  'registered-twice',
  'version-too-old',
  'volume-missing',
  'volume-without-plugin',
  'wrong-base-dir',
] as const;

export type FindingKind = (typeof FINDING_KINDS)[number];

/** Something that would not work. */
export interface Finding {
  readonly kind: FindingKind;
  /** 'error': it does not work. 'warning': it does, and will not always. */
  readonly severity: 'error' | 'warning';
  /** What it is about: `client "web-1"`. */
  readonly subject: string;
  /** What is so. */
  readonly problem: string;
  /** Why that would not work. */
  readonly reason: string;
  /** What to do. */
  readonly remedy: string;
}

/** Looks for one sort of trouble. What is not known is no finding. */
export type Rule = (view: ClusterView) => readonly Finding[];
