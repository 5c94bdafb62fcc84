import { dataOf, type Layout } from './layout.js';
import { monitorAddress, PORTS_PER_CLUSTER } from './ports.js';

/** What a cluster was made with, and keeps for its life. */
export interface Description {
  readonly fsid: string;
  /** The IPv4 address that its daemons listen on. */
  readonly address: string;
  /** The monitor's port; the next 31 are the cluster's too. */
  readonly port: number;
  readonly osdUuid: string;
  /** The OSD's size in bytes, as decimal digits. */
  readonly osdBytes: string;
  /** Further options of ceph.conf's section "global". */
  readonly settings: Readonly<Record<string, string>>;
}

/** Modules of the manager that a cluster of one node has no use for. The others are such that Ceph misses them. */
const UNUSED_MODULES = [
  'alerts',
  'dashboard',
  'diskprediction_local',
  'influx',
  'insights',
  'iostat',
  'k8sevents',
  'localpool',
  'mirroring',
  'nfs',
  'osd_perf_query',
  'osd_support',
  'prometheus',
  'restful',
  'rook',
  'selftest',
  'snap_schedule',
  'stats',
  'telegraf',
  'test_orchestrator',
  'zabbix',
];

/** The ceph.conf of a one-node cluster: one copy of everything, small caches, no waiting for company. */
export function confText(layout: Layout, description: Description): string {
  const { folder, logs } = layout;
  const { fsid, address, port, osdBytes, settings } = description;
  return section('global', {
    fsid,
    'mon host': monitorAddress(address, port),
    'public addr': address,
    'cluster addr': address,
    'ms bind port min': port + 2,
    'ms bind port max': port + PORTS_PER_CLUSTER - 1,
    keyring: `${folder}/$name.keyring`,
    'run dir': folder,
    // The path of a socket may have 107 bytes, and a folder may be deep.
    'admin socket': '',
    'auth allow insecure global id reclaim': false,
    'osd pool default size': 1,
    'osd pool default min size': 1,
    'osd pool default pg num': 16,
    'osd pool default pg autoscale mode': 'off',
    'osd crush chooseleaf type': 0,
    // A monitor gathers changes for a second by default, and this one has nobody to gather them from.
    'paxos propose interval': 0.1,
    'paxos min wait': 0.01,
    ...settings,
  })
    .concat(
      section('mon', {
        ...daemon(layout),
        'mon data': dataOf(folder, 'mon'),
        'mon cluster log file': `${logs}/cluster.log`,
        'mgr initial modules': '',
        'mon allow pool size one': true,
        'mon allow pool delete': true,
        'mon warn on pool no redundancy': false,
        'mon data avail warn': 2,
        'mon data avail crit': 1,
        'mon max pg per osd': 4000,
      }),
      section('mgr', {
        ...daemon(layout),
        'mgr data': dataOf(folder, 'mgr'),
        // Reading them all is most of what a manager does in its first seconds.
        'mgr disabled modules': UNUSED_MODULES.join(','),
        'mgr tick period': 1,
        'mgr stats period': 1,
      }),
      section('osd', {
        ...daemon(layout),
        'osd data': dataOf(folder, 'osd'),
        'osd objectstore': 'bluestore',
        'bluestore block size': osdBytes,
        'osd memory target': 939_524_096,
        'bluestore cache autotune': false,
        'bluestore cache size': 134_217_728,
        'osd fast shutdown notify mon': true,
        // A disk that calls itself a rotating one has the OSD wait 5 s between any two objects that it trims or deletes.
        'osd snap trim sleep hdd': 0,
        'osd delete sleep hdd': 0,
        'debug rocksdb': '1/5',
      }),
    )
    .join('\n');
}

/** What only daemons want: a client that reads this file must leave no log or crash report behind. */
function daemon(layout: Layout): Record<string, string> {
  return {
    'log file': `${layout.logs}/$name.log`,
    'crash dir': layout.logs,
    'pid file': `${layout.folder}/$type.pid`,
  };
}

function section(name: string, options: Record<string, string | number | boolean>): string[] {
  return [
    `[${name}]`,
    ...Object.entries(options).map(([option, value]) => `${option} = ${value}`),
    '',
  ];
}
