import type { NomadVolume } from '../../nomad/volumes.js';
import type { Way } from '../way.js';
import type { PlannedRequest } from './requests.js';

/** A field in which what is there is not what the specification says. */
export interface Change {
  /** As the specification has it. */
  readonly field: string;
  /** Null where nothing is; undefined where nobody tells. */
  readonly from: string | null | undefined;
  readonly to: string | null;
  /** Why it cannot change; undefined where it can. */
  readonly refused?: string;
}

/** What the controller has of a volume. */
export interface AtController {
  readonly id: string;
  readonly capacityBytes: bigint;
  readonly nodes: readonly string[];
}

/**
 * create, register, update: what is done. resend: all that differs is what Nomad does not tell. none: nothing is left
 * to do. refuse: it cannot be done.
 */
export type Action = 'create' | 'register' | 'update' | 'resend' | 'none' | 'refuse';

/** What is there of one volume of a file, and what is to be done about it; the keys are those of -json and -t. */
export interface VolumePlan {
  readonly action: Action;
  readonly id: string;
  readonly name: string;
  /** Nomad's; null where Nomad has no part in it. */
  readonly namespace: string | null;
  readonly way: Way;
  readonly now: {
    /** Null: Nomad has none; undefined: it is not asked, or does not tell. */
    readonly nomad: NomadVolume | null | undefined;
    readonly controller: AtController | null | undefined;
  };
  readonly changes: readonly Change[];
  /** In order; without secrets. What a plugin is asked by Nomad is among them. */
  readonly requests: readonly PlannedRequest[];
  /** What stands in the way, or is not known, in sentences. */
  readonly notes: readonly string[];
}

/** What is to be done where these differ. */
export function actionOf(changes: readonly Change[]): 'none' | 'update' | 'resend' | 'refuse' {
  if (changes.length === 0) return 'none';
  if (changes.some(({ refused }) => refused !== undefined)) return 'refuse';
  return changes.every(({ from }) => from === undefined) ? 'resend' : 'update';
}
