/** The plugin's settings, checked and complete: what the file, the flags and the environment came to. */
export interface Settings {
  readonly mode: 'controller' | 'node' | 'all';
  /** A listening address: "unix:///csi/csi.sock" or "tcp://127.0.0.1:10000". */
  readonly endpoint: string;
  readonly driverName: string;
  readonly nodeId: string;
  readonly stateDir: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** How images become block devices; 'auto' takes the first that works. */
  readonly mapper: 'auto' | 'krbd' | 'nbd' | 'fuse';
  /** How long a deleted volume is kept before its space is freed, in milliseconds. */
  readonly retentionMs: number;
  /** The default one first; at least one. */
  readonly clusters: readonly ClusterSettings[];
}

export interface ClusterSettings {
  readonly name: string;
  /** What ceph-csi's parameters call it. */
  readonly id?: string;
  /** A ceph.conf; or else `monitors`. */
  readonly conf: string | undefined;
  readonly monitors: readonly string[];
  /** Without "client.". */
  readonly user: string;
  /** The key itself: never logged. Undefined: the key file, or the key ring that the conf names. */
  readonly key: string | undefined;
  readonly keyFile: string | undefined;
  /** Where volumes go when no pool is asked for. */
  readonly pool: string;
}
