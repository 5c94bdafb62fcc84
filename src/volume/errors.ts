/** The gRPC status names that CSI gives a meaning to. */
export type ErrorCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'RESOURCE_EXHAUSTED'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'PERMISSION_DENIED'
  | 'UNAUTHENTICATED'
  | 'UNIMPLEMENTED'
  | 'INTERNAL';

interface Entry {
  readonly code: ErrorCode;
  /** What is wrong; `{word}` is filled in. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/**
 * Every error that Pannier answers. The message names the field or the volume, the remedy says what to do;
 * the boundary puts the RPC's name before them. docs/reference/errors.md is written from this table.
 */
export const CATALOGUE = {
  'missing-field': {
    code: 'INVALID_ARGUMENT',
    message: '{field} is missing',
    remedy: 'The caller must set it; see the CSI specification.',
  },
  'invalid-field': {
    code: 'INVALID_ARGUMENT',
    message: '{field}: {problem}',
    remedy: 'Correct the request and send it again.',
  },
  'unknown-parameter': {
    code: 'INVALID_ARGUMENT',
    message: 'parameters: unknown parameter "{key}"{guess}',
    remedy: 'Known parameters are {known}.',
  },
  'unsupported-capability': {
    code: 'INVALID_ARGUMENT',
    message: '{field}: {problem}',
    remedy: 'Ask for a capability that the volume can honour.',
  },
  'unknown-cluster': {
    code: 'INVALID_ARGUMENT',
    message: 'cluster "{cluster}" is not configured{guess}',
    remedy: 'Add a cluster block to the configuration, or name one of: {known}.',
  },
  'unknown-pool': {
    code: 'INVALID_ARGUMENT',
    message: 'pool "{pool}" does not exist in cluster "{cluster}"',
    remedy: 'Create it with `ceph osd pool create` and `rbd pool init`, or name another.',
  },
  'unknown-namespace': {
    code: 'INVALID_ARGUMENT',
    message: 'namespace "{namespace}" does not exist in pool "{pool}" of cluster "{cluster}"',
    remedy: 'Create it with `rbd namespace create`, or name another.',
  },
  'unknown-service': {
    code: 'NOT_FOUND',
    message: 'service "{service}" is not served here',
    remedy: 'Ask for the health of "" or of a service that reflection lists.',
  },
  'volume-not-found': {
    code: 'NOT_FOUND',
    message: 'volume "{volume}" does not exist',
    remedy: 'List what exists with `pannier volume status`.',
  },
  'snapshot-not-found': {
    code: 'NOT_FOUND',
    message: 'snapshot "{snapshot}" does not exist',
    remedy: 'List what exists with `pannier snapshot list`.',
  },
  'not-in-trash': {
    code: 'NOT_FOUND',
    message: 'no deleted volume "{volume}" is kept',
    remedy: 'List what is kept with `pannier volume trash list`.',
  },
  'node-not-found': {
    code: 'NOT_FOUND',
    message: 'node "{node}" is not known to cluster "{cluster}"',
    remedy: 'Start the node plugin there; it registers itself when it reaches the cluster.',
  },
  'path-not-found': {
    code: 'NOT_FOUND',
    message: 'volume "{volume}" is not at {path}',
    remedy: 'Stage or publish the volume there first.',
  },
  'nothing-at-path': {
    code: 'NOT_FOUND',
    message: 'no volume is at {path} that this node was told of',
    remedy: 'See what is mounted there with `findmnt {path}`.',
  },
  'volume-exists': {
    code: 'ALREADY_EXISTS',
    message: 'a volume named "{name}" exists as "{volume}" with {difference}',
    remedy: 'Ask for the same again, delete that volume, or choose another name.',
  },
  'snapshot-exists': {
    code: 'ALREADY_EXISTS',
    message: 'the snapshot name "{name}" is taken by {difference}',
    remedy: 'Ask for the same again, delete that snapshot, or choose another name.',
  },
  'already-published': {
    code: 'ALREADY_EXISTS',
    message: 'volume "{volume}" is already at {place} in another way: {difference}',
    remedy: 'Unpublish it there first.',
  },
  'target-occupied': {
    code: 'ALREADY_EXISTS',
    message: '{field}: {path} {problem}',
    remedy: 'Remove what is there, or choose another path.',
  },
  'volume-in-use': {
    code: 'FAILED_PRECONDITION',
    message: 'volume "{volume}" is in use by {users}',
    remedy: 'Stop what uses it and unpublish it. A client that died is forgotten after 30 seconds.',
  },
  'published-elsewhere': {
    code: 'FAILED_PRECONDITION',
    message: 'volume "{volume}" is published on node "{node}" and {mode} allows one node',
    remedy: 'Unpublish it there first.',
  },
  'not-staged': {
    code: 'FAILED_PRECONDITION',
    message: 'volume "{volume}" is not staged at {path}: {problem}',
    remedy: 'Call NodeStageVolume first.',
  },
  'second-target': {
    code: 'FAILED_PRECONDITION',
    message: 'volume "{volume}" is published at {path} already and {mode} allows one target',
    remedy: 'Unpublish it there first, or use SINGLE_NODE_MULTI_WRITER.',
  },
  'being-deleted': {
    code: 'FAILED_PRECONDITION',
    message: 'volume "{volume}" is being deleted',
    remedy: 'Send DeleteVolume again to finish it.',
  },
  'deletion-pending': {
    code: 'ABORTED',
    message: 'the volume of that name, "{volume}", is being deleted',
    remedy: 'Send the call again; where that does not help, DeleteVolume finishes the deletion.',
  },
  'being-restored': {
    code: 'ABORTED',
    message: 'the deleted volume of that name, "{volume}", is being taken back',
    remedy: 'Send the call again; where that does not help, `pannier volume undelete` finishes it.',
  },
  'being-freed': {
    code: 'FAILED_PRECONDITION',
    message: 'the space of the deleted volume "{volume}" is being freed already',
    remedy: 'Nothing can bring it back. Restore it from a snapshot or a backup.',
  },
  'too-deep': {
    code: 'UNAVAILABLE',
    message: 'image "{image}" is a clone with {parents} parents, one behind the other',
    remedy:
      'Clones are flattened in the background: wait until that has caught up, and send the call again.',
  },
  'being-flattened': {
    code: 'UNAVAILABLE',
    message:
      'image "{image}" of cluster "{cluster}" is being flattened, and takes no snapshot meanwhile, for it has no exclusive-lock',
    remedy:
      'Wait until that is done, and send the call again; images with the feature exclusive-lock need not wait.',
  },
  'not-ours': {
    code: 'FAILED_PRECONDITION',
    message: 'image "{volume}" was not created by Pannier',
    remedy: 'Remove it with `rbd rm` if its data is not needed.',
  },
  'other-host': {
    code: 'FAILED_PRECONDITION',
    message: 'volume "{volume}" belongs to {owner}, and this plugin serves host "{host}" alone',
    remedy: 'Use it through its own host, or give it to this one with `pannier volume move`.',
  },
  'no-record': {
    code: 'FAILED_PRECONDITION',
    message: 'image "{volume}" was not created by Pannier, and belongs to no host',
    remedy: 'There is nothing to move: any host may use it by its ID.',
  },
  'no-host': {
    code: 'FAILED_PRECONDITION',
    message: 'this plugin keeps no hosts apart, and has no host of its own',
    remedy: 'Name the host, or set scope = "host" in the configuration.',
  },
  'holds-data': {
    code: 'FAILED_PRECONDITION',
    message: 'the device of volume "{volume}" is not formatted: {problem}',
    remedy:
      'Nothing was written. Look at the device by hand; wipe it only if its data is not needed.',
  },
  'same-uuid': {
    code: 'FAILED_PRECONDITION',
    message:
      'the btrfs of volume "{volume}" has the UUID of another one that this node has mounted, its source or another clone',
    remedy:
      'Where it may be written, send the call again: it gets a UUID of its own. Otherwise unstage the other one first, or use Linux 6.7 or later.',
  },
  'cannot-grow': {
    code: 'FAILED_PRECONDITION',
    message: 'the {fsType} file system of volume "{volume}" cannot grow now: {problem}',
    remedy:
      'Grant the plugin CAP_SYS_RESOURCE, or unpublish the volume: it grows when it is staged next.',
  },
  'device-gone': {
    code: 'FAILED_PRECONDITION',
    message: 'the device of volume "{volume}" is gone: {problem}',
    remedy: 'Unpublish and unstage the volume, then stage it again.',
  },
  'device-closing': {
    code: 'UNAVAILABLE',
    message:
      'the device of volume "{volume}" is not closed yet: {process} still writes to the cluster',
    remedy:
      'Check `ceph -s`; the call can be repeated. Ending that process gives up what is not written.',
  },
  'no-mapper': {
    code: 'FAILED_PRECONDITION',
    message: 'no way to attach an RBD image on this node: {problem}',
    remedy:
      'Set mapper to "auto", and load the kernel module rbd, or install rbd-fuse and give the plugin /dev/fuse and /dev/loop-control.',
  },
  'not-mappable': {
    code: 'FAILED_PRECONDITION',
    message: 'the kernel cannot map volume "{volume}": {problem}',
    remedy:
      'See the node\'s kernel log. `rbd feature disable` takes features away; with mapper = "fuse" a node maps without the kernel\'s rbd.',
  },
  superseded: {
    code: 'UNAVAILABLE',
    message: 'another controller changed "{volume}" at the same time',
    remedy: 'Send the call again.',
  },
  'bad-token': {
    code: 'ABORTED',
    message: 'starting_token "{token}" is not one that this plugin gave',
    remedy: 'Start the listing from the beginning.',
  },
  'capacity-out-of-range': {
    code: 'OUT_OF_RANGE',
    message: 'capacity_range: {problem}',
    remedy: 'Ask for a size that can be met.',
  },
  'cluster-full': {
    code: 'RESOURCE_EXHAUSTED',
    message: 'cluster "{cluster}" has no room: {problem}',
    remedy: 'Add OSDs, raise the quota, or delete volumes; deleting works on a full cluster.',
  },
  'quota-used-up': {
    code: 'RESOURCE_EXHAUSTED',
    message:
      'the quota of pool "{pool}" in cluster "{cluster}" is {quota} bytes, and its volumes would have {bytes}',
    remedy: 'Delete volumes, ask for less, or raise the quota in the configuration.',
  },
  'snapshot-cut-short': {
    code: 'UNAVAILABLE',
    message: 'cluster "{cluster}" did not finish: {operation}',
    remedy: 'Check `ceph -s`, and send the call again: it takes another snapshot.',
  },
  'cluster-unavailable': {
    code: 'UNAVAILABLE',
    message: 'cluster "{cluster}" does not answer: {problem}',
    remedy: 'Check `ceph -s`; the call can be repeated.',
  },
  'cluster-denied': {
    code: 'UNAVAILABLE',
    message: 'cluster "{cluster}" refuses user "{user}": {problem}',
    remedy: 'Check the key and the caps: mon "profile rbd", osd "profile rbd".',
  },
  'secrets-refused': {
    code: 'UNAUTHENTICATED',
    message: 'cluster "{cluster}" refuses user "{user}" of the request\'s secrets: {problem}',
    remedy:
      'Correct secrets["userID"] and secrets["userKey"], or leave both out: the plugin has a user of its own.',
  },
  'secrets-lack-caps': {
    code: 'PERMISSION_DENIED',
    message:
      'user "{user}" of the request\'s secrets may not do this in cluster "{cluster}": {problem}',
    remedy:
      'Grant it the caps mon "profile rbd", osd "profile rbd", or send those of another user.',
  },
  'tool-failed': {
    code: 'INTERNAL',
    message: '{tool} failed for volume "{volume}": {problem}',
    remedy: "Look at the node's kernel log; the call can be repeated.",
  },
  'tool-hung': {
    code: 'UNAVAILABLE',
    message: '{tool} for volume "{volume}" did not end within {limit} s',
    remedy: 'The cluster may not answer: check `ceph -s`. The call can be repeated.',
  },
  'tool-missing': {
    code: 'FAILED_PRECONDITION',
    message: '{tool} is not installed on this node',
    remedy: 'Install it: {install}.',
  },
  'state-unwritable': {
    code: 'INTERNAL',
    message: 'cannot write {path}: {problem}',
    remedy: 'Make the state directory writable and see that its disk has room; nothing was done.',
  },
  'state-unreadable': {
    code: 'INTERNAL',
    message: 'cannot read {path}: {problem}',
    remedy: 'Make the state directory readable; the call can be repeated.',
  },
  'ceph-error': {
    code: 'INTERNAL',
    message: '{operation}: {problem}',
    remedy: "See the cluster's log; the call can be repeated.",
  },
} as const satisfies Record<string, Entry>;

export type ErrorName = keyof typeof CATALOGUE;

/** An error of the catalogue, with its words filled in. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
  readonly code: ErrorCode;
  readonly remedy: string;

  constructor(
    readonly kind: ErrorName,
    words: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    const entry: Entry = CATALOGUE[kind];
    super(fill(entry.message, words), options);
    this.code = entry.code;
    this.remedy = fill(entry.remedy, words);
  }
}

function fill(template: string, words: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, word: string) => words[word] ?? '');
}

/** True for what is wrong with a request itself. */
export function isMistake(error: unknown): error is VolumeError {
  return error instanceof VolumeError && error.code === 'INVALID_ARGUMENT';
}

/** Throws an error of the catalogue. */
export function fail(
  kind: ErrorName,
  words: Readonly<Record<string, string>> = {},
  options?: ErrorOptions,
): never {
  throw new VolumeError(kind, words, options);
}
