/** The plugin's settings, checked and complete: what the file, the flags and the environment came to. */
export interface Settings {
  readonly mode: 'controller' | 'node' | 'all';
  /** A listening address: "unix:///csi/csi.sock" or "tcp://127.0.0.1:10000". */
  readonly endpoint: string;
  readonly driverName: string;
  readonly nodeId: string;
  /** Whose volumes a controller lists and deletes. */
  readonly scope: 'cluster' | 'host';
  /** What this host is called with scope 'host'; undefined: what the state directory keeps. */
  readonly hostId: string | undefined;
  /** What becomes of calls while a cluster does not answer: they fail, or are answered all the same where they can be. */
  readonly outages: 'report' | 'bridge';
  readonly stateDir: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** How images become block devices; 'auto' takes the first that works. */
  readonly mapper: 'auto' | 'krbd' | 'nbd' | 'fuse';
  /** How long a deleted volume is kept before its space is freed, in milliseconds. */
  readonly retentionMs: number;
  /** The default one first; at least one. */
  readonly clusters: readonly ClusterSettings[];
  /** Undefined where nothing asks for Consul. */
  readonly consul: ConsulAccess | undefined;
  /** Undefined where the plugin does not register itself; otherwise `consul` is there. */
  readonly registration: ConsulRegistration | undefined;
}

export interface ClusterSettings {
  readonly name: string;
  /** What ceph-csi's parameters call it. */
  readonly id?: string;
  /** A ceph.conf; or else `monitors` or `monitorsService`. */
  readonly conf: string | undefined;
  readonly monitors: readonly string[];
  /** The Consul service whose instances the monitors are; `monitors` is empty then. */
  readonly monitorsService?: string;
  /** Without "client.". */
  readonly user: string;
  /** The key itself: never logged. Undefined: the key file, or the key ring that the conf names. */
  readonly key: string | undefined;
  readonly keyFile: string | undefined;
  /** Where volumes go when no pool is asked for. */
  readonly pool: string;
  /** By pool: how many bytes of volumes there may be. */
  readonly quotas?: Readonly<Record<string, bigint>>;
  /** Pools and namespaces whose images that Pannier did not create ListVolumes shows. */
  readonly foreignImages?: ReadonlyArray<{ readonly pool: string; readonly namespace: string }>;
}

/** How Consul is reached. */
export interface ConsulAccess {
  /** "http://127.0.0.1:8500", "https://consul.example.org:8501" or "unix:///run/consul.sock". */
  readonly address: string;
  /** The token itself: never logged. */
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly datacenter: string | undefined;
  readonly namespace: string | undefined;
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly tlsServerName: string | undefined;
}

/** What the plugin tells Consul of itself. */
export interface ConsulRegistration {
  readonly service: string;
  readonly tags: readonly string[];
  /** Where others reach the plugin, if not at its endpoint. */
  readonly advertise: string | undefined;
  /** After how long without a word Consul forgets the plugin, in milliseconds. */
  readonly deregisterAfterMs: number;
}
