import { VolumeError } from '../volume/errors.js';

/** As whom somebody speaks to a cluster. */
export interface Identity {
  readonly cluster: string;
  /** Without "client.". */
  readonly user: string;
  /** True where a request brought the user and the key, so that whoever sent it must correct them. */
  readonly ofRequest: boolean;
}

/** The error of a user whose key the cluster does not take, or who has none. */
export function notLetIn({ cluster, user, ofRequest }: Identity, problem: string, cause?: unknown) {
  const words = { cluster, user: `client.${user}`, problem };
  return new VolumeError(ofRequest ? 'secrets-refused' : 'cluster-denied', words, { cause });
}

/** The error of a user who is let in, and whose caps do not reach. */
export function notAllowed(
  { cluster, user, ofRequest }: Identity,
  problem: string,
  cause?: unknown,
) {
  const words = { cluster, user: `client.${user}`, problem };
  return new VolumeError(ofRequest ? 'secrets-lack-caps' : 'cluster-denied', words, { cause });
}
