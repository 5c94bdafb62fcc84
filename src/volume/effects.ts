/**
 * Every outside effect of every call, in order. A crash may fall between any two of them, so each is named
 * here, and the crash tests kill the plugin after each one; an effect that is not in the list does not compile.
 */
export const EFFECTS = {
  create: [
    'claim-name',
    'mark-discarded',
    'remember-discarded',
    'discard-image',
    'create-image',
    'clear-remains',
    'snap-source',
    'leave-helper',
    'clone-image',
    'give-up',
    'grow-clone',
    'write-record',
    'commit-name',
  ],
  createSnapshot: ['claim-name', 'take-snapshot', 'commit-name', 'give-up', 'leave-snapshot'],
  deleteSnapshot: ['release-name'],
  delete: ['mark-deleting', 'unmark', 'trash-image', 'bury-image', 'release-name', 'leave-image'],
  undelete: [
    'end-retention',
    'claim-name',
    'write-record',
    'restore-image',
    'unbury-image',
    'give-up',
    'commit-name',
  ],
  work: [
    'take-lock',
    'remove-snapshot',
    'trash-image',
    'begin-purge',
    'purge-image',
    'tell-progress',
    'flatten-image',
    'drop-task',
    'release-lock',
  ],
  doctor: [
    'restore-entry',
    'take-over-claim',
    'give-up-claim',
    'release-entry',
    'rename-back',
    'restore-record',
    'restore-name',
    'clear-remains',
    'restore-snapshot-entry',
    'release-snapshot',
    'leave-task',
    'hurry-task',
    'drop-task',
  ],
  expand: ['grow-image'],
  move: ['write-record', 'write-entry'],
  controllerPublish: ['write-publication'],
  controllerUnpublish: ['remove-publication'],
  stage: [
    'remember-stage',
    'claim-again',
    'write-access',
    'start-fuse',
    'attach-device',
    'begin-format',
    'make-fs',
    'end-format',
    'renew-uuid',
    'grow-unmounted',
    'mount-staging',
    'grow-mounted',
    'remember-staged',
  ],
  unstage: [
    'unmount-staging',
    'detach-device',
    'stop-fuse',
    'remove-access',
    'remember-vacated',
    'forget-stage',
  ],
  /** What follows where nobody takes back what was unstaged. */
  vacate: ['mark-unstaged', 'forget-vacated'],
  publish: ['remember-publish', 'attach-device', 'make-target', 'bind-target'],
  unpublish: ['unbind-target', 'remove-target', 'detach-device', 'forget-publish'],
  /** The kernel's rbd, where stage, unstage, publish and unpublish attach by it. */
  krbd: ['remember-mapping', 'map', 'unmap', 'forget-mapping'],
  nodeExpand: ['refresh-device', 'grow-fs'],
} as const;

type Effects = typeof EFFECTS;
/** `call/effect`, as in "create/claim-name". */
export type EffectName = { [C in keyof Effects]: `${C}/${Effects[C][number]}` }[keyof Effects];

/** Does an outside effect under its name, so that a log can tell it and a test can stop after it. */
export type Effect = <T>(name: EffectName, action: () => Promise<T>) => Promise<T>;

export const plainEffect: Effect = (_name, action) => action();

/** Every effect's name, in the order of EFFECTS. */
export function effectNames(): EffectName[] {
  return Object.entries(EFFECTS).flatMap(([call, names]) =>
    names.map((name) => `${call}/${name}` as EffectName),
  );
}
