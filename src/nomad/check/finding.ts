import type { ClusterView } from './view.js';

/** Something that would not work. */
export interface Finding {
  /** "driver-missing", for one. */
  readonly kind: string;
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
