import { readFile } from 'node:fs/promises';
import type { ClusterSettings } from '../config/settings.js';
import type { Credentials } from '../volume/store.js';
import { type Identity, notLetIn } from './denied.js';
import { describe } from './errno.js';

/**
 * How long what does not answer is waited for, in seconds: by librados to connect, for a monitor and for an OSD in
 * each of its operations, of which librbd does several for one function; and by a caller for a whole function,
 * which goes on when its caller is answered.
 */
export const LIMITS = { connect: 10, monitor: 10, osd: 20, call: 30 } as const;

/** Who connects, and where to. */
export interface Access extends Identity {
  readonly conf: string | undefined;
  /** Settings of Ceph over those of the conf file. They hold the key: neither logged nor put in an error. */
  options(): Promise<ReadonlyArray<readonly [string, string]>>;
}

/** A cluster's settings with its monitors in them, wherever those are found. Fails with cluster-unavailable. */
export type Resolve = (settings: ClusterSettings) => Promise<ClusterSettings>;

/** The access of the plugin's own user, or of a request's. */
export function accessOf(
  settings: ClusterSettings,
  credentials?: Credentials,
  resolve: Resolve = async () => settings,
): Access {
  const user = (credentials?.user ?? settings.user).replace(/^client\./, '');
  const identity = { cluster: settings.name, user, ofRequest: credentials !== undefined };
  return {
    ...identity,
    conf: settings.conf,
    async options() {
      const denied = (problem: string, cause?: unknown): never => {
        throw notLetIn(identity, problem, cause);
      };
      const { monitors } = await resolve(settings);
      return [
        ...(monitors.length === 0 ? [] : ([['mon_host', monitors.join(',')]] as const)),
        ...(await key(settings, credentials, denied)),
        ['client_mount_timeout', `${LIMITS.connect}`],
        ['rados_mon_op_timeout', `${LIMITS.monitor}`],
        ['rados_osd_op_timeout', `${LIMITS.osd}`],
        // Standard error is the plugin's own log.
        ['log_to_stderr', 'false'],
        ['err_to_stderr', 'false'],
      ] as const;
    },
  };
}

type Denied = (problem: string, cause?: unknown) => never;

async function key(
  settings: ClusterSettings,
  credentials: Credentials | undefined,
  denied: Denied,
): Promise<ReadonlyArray<readonly [string, string]>> {
  const given = credentials?.key ?? settings.key;
  if (given !== undefined) return [['key', checked(given, 'the key', denied)]];
  const { keyFile } = settings;
  if (keyFile === undefined) return [];
  const text = await readFile(keyFile, 'utf8').catch((error: NodeJS.ErrnoException) =>
    denied(`cannot read the key file ${keyFile}: ${describe(Math.abs(error.errno ?? 0))}`, error),
  );
  if (/^\s*\[/m.test(text)) return [['keyring', keyFile]];
  return [['key', checked(text, `the key in ${keyFile}`, denied)]];
}

/** librados writes a key that it cannot read into its log, so it never gets one. */
function checked(text: string, what: string, denied: Denied): string {
  const trimmed = text.trim();
  const bytes = Buffer.from(trimmed, 'base64');
  const secretLength = bytes.length < HEADER ? -1 : bytes.readUInt16LE(HEADER - 2);
  if (bytes.toString('base64') !== trimmed || bytes.length !== HEADER + secretLength)
    denied(`${what} is not one that Ceph made`);
  return trimmed;
}

/** Before the secret: type (u16), time of creation (u32 and u32) and the secret's length (u16). */
const HEADER = 12;
