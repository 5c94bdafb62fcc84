import type { EFFECTS } from '../../../src/volume/effects.js';

/** Calls whose crashes have a test of their own, and where that is. */
export const ELSEWHERE = { doctor: 'doctor-crash', vacate: 'vacated' } as const;

/** The test file beside this one that kills the plugin after each effect of a call. */
export const FILES = {
  create: 'create',
  createSnapshot: 'snapshot',
  deleteSnapshot: 'snapshot',
  delete: 'delete',
  undelete: 'undelete',
  move: 'move',
  work: 'work',
  expand: 'delete',
  controllerPublish: 'node',
  controllerUnpublish: 'node',
  stage: 'node',
  unstage: 'node',
  publish: 'node',
  unpublish: 'node',
  nodeExpand: 'node',
  krbd: 'krbd',
} as const satisfies Record<Exclude<keyof typeof EFFECTS, keyof typeof ELSEWHERE>, string>;

type Files = typeof FILES;
type CallsIn<F extends Files[keyof Files]> = {
  [C in keyof Files]: Files[C] extends F ? C : never;
}[keyof Files];

/** The effects that a test file must reach: one that it forgets does not compile. */
export type EffectsIn<F extends Files[keyof Files]> = {
  [C in CallsIn<F>]: `${C}/${(typeof EFFECTS)[C][number]}`;
}[CallsIn<F>];
