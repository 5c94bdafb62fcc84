import { HOST_ID_RULE, isHostId } from '../volume/host.js';
import { parsePlaces, parseQuotas, problemOf } from './places.js';
import { absolute, anything, ENDPOINT, endpoint, oneOf, serviceName, time } from './problems.js';
import type { Settings } from './settings.js';

/** A setting that is one word: where it may stand, and what it may be. */
export interface Option {
  /** In the file; as a flag its underscores are dashes. */
  readonly key: string;
  /** The environment variable. */
  readonly env: string;
  /** What the value is, for help; where it is one of a few words, those. */
  readonly value: string;
  readonly description: string;
  readonly fallback?: string;
  /** A change in a configuration that is followed is used when the plugin is started anew; others are at once. */
  readonly restart?: true;
  /** Never shown, and never a flag: a process list shows flags. */
  readonly secret?: true;
  /** Why a value will not do, or undefined. */
  readonly problem: (value: string) => string | undefined;
}

/** Letters and dots are all that Mesos takes; CSI wants a letter or digit at both ends and at most 63. */
const DRIVER_NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/;
const NODE_ID_MAX_BYTES = 256;

const MODES: readonly Settings['mode'][] = ['controller', 'node', 'all'];
const LOG_LEVELS: readonly Settings['logLevel'][] = ['debug', 'info', 'warn', 'error'];
const DELETIONS = ['purge', 'trash'];
const SCOPES: readonly Settings['scope'][] = ['cluster', 'host'];
const OUTAGES: readonly Settings['outages'][] = ['report', 'bridge'];
const MAPPERS: readonly Settings['mapper'][] = ['auto', 'krbd', 'nbd', 'fuse'];

export const OPTIONS = {
  mode: {
    key: 'mode',
    restart: true,
    env: 'PANNIER_MODE',
    value: MODES.join('|'),
    description: 'Which services to offer: controller, node, or all.',
    fallback: 'all',
    problem: oneOf(MODES),
  },
  endpoint: {
    key: 'endpoint',
    restart: true,
    env: 'CSI_ENDPOINT',
    value: 'address',
    description: `Where to listen: ${ENDPOINT}.`,
    problem: endpoint,
  },
  driverName: {
    key: 'driver_name',
    restart: true,
    env: 'PANNIER_DRIVER_NAME',
    value: 'name',
    description: 'The CSI driver name. Volumes are bound to it for life.',
    fallback: 'csi.pannier.rbd',
    problem: (value) =>
      DRIVER_NAME.test(value)
        ? undefined
        : 'expected at most 63 letters, digits, dots and dashes, with a letter or digit at both ends',
  },
  nodeId: {
    key: 'node_id',
    restart: true,
    env: 'PANNIER_NODE_ID',
    value: 'id',
    description: 'What this node is called, in every call and for ever. Default: the host name.',
    problem: (value) =>
      value !== '' && Buffer.byteLength(value) <= NODE_ID_MAX_BYTES && !/\p{Cc}/u.test(value)
        ? undefined
        : `expected 1 to ${NODE_ID_MAX_BYTES} bytes without control characters`,
  },
  scope: {
    key: 'scope',
    restart: true,
    env: 'PANNIER_SCOPE',
    value: SCOPES.join('|'),
    description:
      'Whose volumes a controller lists and deletes: all (cluster), or those that this host made (host), as Mesos needs it.',
    fallback: 'cluster',
    problem: oneOf(SCOPES),
  },
  hostId: {
    key: 'host_id',
    restart: true,
    env: 'PANNIER_HOST_ID',
    value: 'id',
    description:
      'What this host is called with scope = "host". Default: what state_dir has kept since the first start.',
    problem: (value) => (isHostId(value) ? undefined : HOST_ID_RULE),
  },
  outages: {
    key: 'outages',
    restart: true,
    env: 'PANNIER_OUTAGES',
    value: OUTAGES.join('|'),
    description:
      'What becomes of calls while a cluster does not answer: they fail (report); or ListVolumes and GetCapacity tell what it said last, and the others are tried again for 50 s (bridge), as Mesos needs it.',
    fallback: 'report',
    problem: oneOf(OUTAGES),
  },
  stateDir: {
    key: 'state_dir',
    restart: true,
    env: 'PANNIER_STATE_DIR',
    value: 'path',
    description:
      'Where the node remembers what it has mapped and mounted. It must outlive the plugin.',
    fallback: '/var/lib/pannier',
    problem: absolute,
  },
  logLevel: {
    key: 'log_level',
    env: 'PANNIER_LOG_LEVEL',
    value: LOG_LEVELS.join('|'),
    description: 'The least that is logged: debug, info, warn or error.',
    fallback: 'info',
    problem: oneOf(LOG_LEVELS),
  },
  mapper: {
    key: 'mapper',
    restart: true,
    env: 'PANNIER_MAPPER',
    value: MAPPERS.join('|'),
    description:
      'How images become block devices: krbd (the kernel module rbd), fuse (rbd-fuse), or auto for the first of them that works. nbd is known, and this version refuses to map by it.',
    fallback: 'auto',
    problem: oneOf(MAPPERS),
  },
  deletion: {
    key: 'deletion',
    env: 'PANNIER_DELETION',
    value: DELETIONS.join('|'),
    description:
      'What DeleteVolume does with the data: purge frees it at once, trash keeps it for trash_retention.',
    fallback: 'purge',
    problem: oneOf(DELETIONS),
  },
  trashRetention: {
    key: 'trash_retention',
    env: 'PANNIER_TRASH_RETENTION',
    value: 'time',
    description:
      'How long deleted volumes are kept with deletion = "trash", such as 90m, 12h or 7d.',
    fallback: '7d',
    problem: time,
  },
  defaultCluster: {
    key: 'default_cluster',
    env: 'PANNIER_DEFAULT_CLUSTER',
    value: 'name',
    description: 'The cluster of volumes that name none. Default: the first in the file.',
    problem: anything,
  },
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof OPTIONS;

/** The same for one cluster, in a `cluster "name" { … }` block, or for the only one without a file. */
export const CLUSTER_OPTIONS = {
  id: {
    key: 'id',
    env: 'PANNIER_CEPH_ID',
    value: 'id',
    description:
      'What volume specifications that were made for ceph-csi call the cluster: the parameter clusterID.',
    problem: anything,
  },
  conf: {
    key: 'conf',
    env: 'PANNIER_CEPH_CONF',
    value: 'path',
    description: "The cluster's ceph.conf.",
    problem: absolute,
  },
  monitors: {
    key: 'monitors',
    env: 'PANNIER_CEPH_MONITORS',
    value: 'addresses',
    description: 'Instead of conf: the monitors as host:port, separated by commas.',
    problem: anything,
  },
  monitorsService: {
    key: 'monitors_service',
    env: 'PANNIER_CEPH_MONITORS_SERVICE',
    value: 'name',
    description: 'Instead of conf and monitors: the Consul service that the monitors are.',
    problem: serviceName,
  },
  user: {
    key: 'user',
    env: 'PANNIER_CEPH_USER',
    value: 'name',
    description: 'The Ceph user, without "client.".',
    fallback: 'pannier',
    problem: (value) =>
      /^(?!client\.)[^\s@/]+$/.test(value)
        ? undefined
        : 'expected a name such as pannier, without "client."',
  },
  key: {
    key: 'key',
    secret: true,
    env: 'PANNIER_CEPH_KEY',
    value: 'key',
    description: "The user's key. Better: key_file.",
    problem: (value) =>
      isCephKey(value) ? undefined : 'expected a key as `ceph auth get-key` prints it',
  },
  keyFile: {
    key: 'key_file',
    env: 'PANNIER_CEPH_KEY_FILE',
    value: 'path',
    description: "A file that holds the user's key, as `ceph auth get-key` prints it.",
    problem: absolute,
  },
  pool: {
    key: 'pool',
    env: 'PANNIER_CEPH_POOL',
    value: 'name',
    description: 'Where volumes go that name no pool; the name index is kept here too.',
    fallback: 'rbd',
    problem: (value) => (/^[^/@\s]+$/.test(value) ? undefined : 'expected the name of a pool'),
  },
  quota: {
    key: 'quota',
    env: 'PANNIER_CEPH_QUOTA',
    value: 'size',
    description:
      'How much GetCapacity tells, and the most that volumes are created and grown to in all: the size of those in pool, such as 500GiB, or pool=size for several pools, separated by commas. With scope = "host", of this host.',
    problem: (value) => problemOf(() => parseQuotas(value, '')),
  },
  foreignImages: {
    key: 'foreign_images',
    env: 'PANNIER_CEPH_FOREIGN_IMAGES',
    value: 'pools',
    description:
      'Pools, or pool/namespace, separated by commas, whose images that Pannier did not create ListVolumes shows too. They are never deleted.',
    problem: (value) => problemOf(() => parsePlaces(value)),
  },
} as const satisfies Record<string, Option>;

export type ClusterOptionName = keyof typeof CLUSTER_OPTIONS;

/** A Ceph key is base64 of a header and 16 bytes. */
export function isCephKey(text: string): boolean {
  return /^[A-Za-z0-9+/]{38,}={0,2}$/.test(text) && Buffer.from(text, 'base64').length >= 28;
}

/** The flag that sets a cluster's option on the command line. */
export function clusterFlag(key: string): string {
  return `ceph-${key.replaceAll('_', '-')}`;
}
