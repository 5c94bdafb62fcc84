import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { VolumeError } from '../volume/errors.js';
import { type Identity, notAllowed } from './denied.js';

const { errno } = constants;

export const ENOENT = errno.ENOENT;
export const EEXIST = errno.EEXIST;
export const EBUSY = errno.EBUSY;
export const EIO = errno.EIO;
export const EINVAL = errno.EINVAL;
export const EAGAIN = errno.EAGAIN;
export const EDOM = errno.EDOM;
export const EROFS = errno.EROFS;
export const ERANGE = errno.ERANGE;
export const ENOTEMPTY = errno.ENOTEMPTY;
export const ENOSPC = errno.ENOSPC;
export const ESTALE = errno.ESTALE;
export const ETIMEDOUT = errno.ETIMEDOUT;
export const EBADMSG = errno.EBADMSG;
export const ECANCELED = errno.ECANCELED;
/** Ours: librbd's lock of an image is this very client's, of a time that librbd has forgotten. */
export const EDEADLK = errno.EDEADLK;
/** librados answers it to a client that was put on the OSD block list. */
export const ESHUTDOWN = 108;

const NO_ROOM: readonly number[] = [errno.ENOSPC, errno.EDQUOT];
/** What Ceph answers where a user's caps do not reach. */
export const DENIED: readonly number[] = [errno.EACCES, errno.EPERM];
/** What passes, so that the call can be repeated. */
const UNAVAILABLE: readonly number[] = [
  errno.EAGAIN,
  errno.EBUSY,
  errno.ETIMEDOUT,
  // A client that was asked to take a snapshot for others ended, or stood still, while it answered.
  EBADMSG,
  errno.ENOTCONN,
  errno.ECONNREFUSED,
  errno.ECONNRESET,
  errno.EHOSTUNREACH,
  errno.ENETUNREACH,
  ESHUTDOWN,
  EDEADLK,
];

/** What Ceph means by some errnos, where the system's words say another thing or nothing. */
const MEANT: Readonly<Record<number, string>> = {
  [ESHUTDOWN]: 'this client is on the OSD block list',
  [errno.EDQUOT]: "the pool's quota is used up",
  [errno.EDOM]: 'out of range',
  [EDEADLK]: "the image's lock was left by this client, which connects anew",
};

/** What a call of librados or librbd answered. It becomes a VolumeError where it leaves this folder. */
export class CephError extends Error {
  override readonly name = 'CephError';

  constructor(
    /** Positive. */
    readonly errno: number,
    /** What was tried, in words. */
    readonly operation: string,
    /** What is known of the reason besides. */
    readonly reason?: string,
  ) {
    super([operation, describe(errno), ...(reason === undefined ? [] : [reason])].join(': '));
  }
}

/** Returns a result that is not an error; throws the CephError of one that is. */
export function check(result: number | bigint, operation: string): number {
  const value = Number(result);
  if (value < 0) throw new CephError(-value, operation);
  return value;
}

/** What an errno means where it is an answer and no error. */
export type Outcomes<U> = Readonly<Record<number, U>>;

/** The answer of `work`, or the outcome of the errno that it fails with. */
export async function settle<T, U>(work: Promise<T>, outcomes: Outcomes<U>): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof CephError && error.errno in outcomes) return outcomes[error.errno] as U;
    throw error;
  }
}

/** The catalogue's error for what Ceph answered; any other error stays as it is. */
export function volumeError(error: unknown, identity: Identity): unknown {
  if (!(error instanceof CephError)) return error;
  const { cluster } = identity;
  const problem = error.message;
  const options = { cause: error };
  if (NO_ROOM.includes(error.errno))
    return new VolumeError('cluster-full', { cluster, problem }, options);
  if (DENIED.includes(error.errno)) return notAllowed(identity, problem, error);
  if (UNAVAILABLE.includes(error.errno))
    return new VolumeError('cluster-unavailable', { cluster, problem }, options);
  return new VolumeError(
    'ceph-error',
    { operation: `cluster "${cluster}", ${error.operation}`, problem: describe(error.errno) },
    options,
  );
}

/** "no such file or directory (ENOENT)". */
export function describe(number: number): string {
  const [, text = 'refused'] = getSystemErrorMap().get(-number) ?? [];
  return `${MEANT[number] ?? text} (${nameOf(number)})`;
}

function nameOf(number: number): string {
  if (number === ESHUTDOWN) return 'ESHUTDOWN';
  return Object.entries(errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`;
}
