import { join } from 'node:path';

/** The user that Pannier has in a development cluster, without "client.". */
export const USER = 'pannier';

export const DAEMONS = ['mon', 'osd', 'mgr'] as const;
export type Daemon = (typeof DAEMONS)[number];

/** Each daemon's id, as in "mon.a". */
export const IDS: Readonly<Record<Daemon, string>> = { mon: 'a', osd: '0', mgr: 'a' };

/** Where everything is in a cluster's folder. */
export interface Layout {
  readonly folder: string;
  readonly conf: string;
  /** Written before anything else: what is here is ours, even if it is not complete. */
  readonly begun: string;
  /** Written when the cluster is complete. */
  readonly description: string;
  readonly logs: string;
  /** The user's key ring, and the same key on its own (Ceph's option `keyfile`); both have mode 0600. */
  readonly keyRing: string;
  readonly keyFile: string;
}

export function layoutOf(folder: string): Layout {
  return {
    folder,
    conf: join(folder, 'ceph.conf'),
    begun: join(folder, 'begun'),
    description: join(folder, 'cluster.json'),
    logs: join(folder, 'log'),
    keyRing: keyRingOf(folder, `client.${USER}`),
    keyFile: join(folder, `client.${USER}.key`),
  };
}

/** A key ring's path, as `keyring` in ceph.conf has it. */
export function keyRingOf(folder: string, entity: string): string {
  return join(folder, `${entity}.keyring`);
}

export function dataOf(folder: string, daemon: Daemon): string {
  return join(folder, daemon);
}
