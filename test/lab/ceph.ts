import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { ClusterSettings } from '../../src/config/settings.js';
import { CephCluster, type CephOptions } from '../../src/dev/ceph/cluster.js';
import { run } from '../../src/dev/run.js';
import { labFolder } from './folder.js';

/** The name that tests give their cluster: the first part of a volume's handle. */
export const CLUSTER = 'ceph';

/** A file that holds the folder of a cluster to share, which the test runner sets. */
export const SHARED = 'PANNIER_TEST_CEPH';

const PLACEMENT_GROUPS = 8;

export interface StartOptions extends Omit<CephOptions, 'folder' | 'pool'> {
  /** A cluster of its own, for tests that stop daemons or give options. */
  readonly own?: boolean;
}

/** A real Ceph for a test file. */
export class LabCeph {
  readonly name = CLUSTER;
  readonly #cluster: CephCluster;
  readonly #own: boolean;

  constructor(
    cluster: CephCluster,
    own: boolean,
    /** This file's own pool, empty at first. */
    readonly pool: string,
    readonly user: string,
    readonly keyFile: string,
    readonly key: string,
    readonly monitors: readonly string[],
  ) {
    this.#cluster = cluster;
    this.#own = own;
  }

  get folder(): string {
    return this.#cluster.folder;
  }

  get conf(): string {
    return this.#cluster.conf;
  }

  /** The plugin's settings for this cluster and pool. */
  get settings(): ClusterSettings {
    const { name, conf, user, keyFile, pool } = this;
    return { name, conf, monitors: [], user, key: undefined, keyFile, pool };
  }

  /** Another empty pool, initialised for RBD, which goes when the test file ends. */
  async freshPool(): Promise<string> {
    const pool = poolName();
    await this.addPool(pool);
    return pool;
  }

  /** The same with a name that is given. */
  addPool(pool: string): Promise<void> {
    return addPool(this.#cluster, pool);
  }

  /** The same cluster with another empty pool as the plugin's. */
  async inFreshPool(): Promise<LabCeph> {
    const { user, keyFile, key, monitors } = this;
    const pool = await this.freshPool();
    return new LabCeph(this.#cluster, this.#own, pool, user, keyFile, key, monitors);
  }

  /** Runs `ceph` as the administrator and returns what it printed. */
  ceph(...args: string[]): Promise<string> {
    return this.#cluster.ceph(...args);
  }

  /** Runs `rbd` as the administrator and returns what it printed. */
  rbd(...args: string[]): Promise<string> {
    return this.#cluster.rbd(...args);
  }

  /** Runs `rados` as the administrator and returns what it printed. */
  rados(...args: string[]): Promise<string> {
    return run('rados', ['-c', this.conf, '--id', 'admin', ...args], {});
  }

  startMon(): Promise<void> {
    return this.#cluster.startDaemon('mon');
  }

  stopMon(signal?: NodeJS.Signals): Promise<void> {
    this.#mustOwn();
    return this.#cluster.stopDaemon('mon', signal);
  }

  startOsd(): Promise<void> {
    return this.#cluster.startDaemon('osd');
  }

  stopOsd(signal?: NodeJS.Signals): Promise<void> {
    this.#mustOwn();
    return this.#cluster.stopDaemon('osd', signal);
  }

  /** Stops a daemon as it is, with its sockets open: whoever waits for it hears nothing. */
  async pause(daemon: 'mon' | 'osd'): Promise<void> {
    this.#mustOwn();
    process.kill(await this.#pidOf(daemon), 'SIGSTOP');
  }

  async resume(daemon: 'mon' | 'osd'): Promise<void> {
    process.kill(await this.#pidOf(daemon), 'SIGCONT');
  }

  /** The daemons that run, and their processes. */
  async daemons(): Promise<Partial<Record<string, number>>> {
    return (await this.#cluster.status()).pids;
  }

  async #pidOf(daemon: 'mon' | 'osd'): Promise<number> {
    const pid = (await this.daemons())[daemon];
    if (pid === undefined) throw new Error(`ceph-${daemon} does not run`);
    return pid;
  }

  #mustOwn(): void {
    if (!this.#own) throw new Error('others use this cluster: startCeph({ own: true })');
  }
}

/**
 * A Ceph for this test file, with an empty pool: the runner's shared one, or one of its own where there is
 * none or options are given. It is taken down when the file ends.
 */
export async function startCeph(options: StartOptions = {}): Promise<LabCeph> {
  const shared = process.env[SHARED];
  if (shared !== undefined && Object.keys(options).length === 0) {
    const folder = readFileSync(shared, 'utf8').trim();
    const pool = poolName();
    const cluster = new CephCluster({ folder, pool });
    await addPool(cluster, pool);
    return wrap(cluster, false);
  }
  const { own: _, ...rest } = options;
  const cluster = new CephCluster({ ...rest, folder: labFolder() });
  await cluster.start();
  return wrap(cluster, true);
}

function poolName(): string {
  return `t${randomBytes(4).toString('hex')}`;
}

/** Adds a pool that goes when the test file ends, where the cluster then still runs. */
async function addPool(cluster: CephCluster, pool: string): Promise<void> {
  await cluster.addPool(pool, PLACEMENT_GROUPS);
  t.teardown(async () => {
    if ((await cluster.status()).state === 'running')
      await cluster.ceph('osd', 'pool', 'delete', pool, pool, '--yes-i-really-really-mean-it');
  });
}

async function wrap(cluster: CephCluster, own: boolean): Promise<LabCeph> {
  const { access } = await cluster.status();
  if (access === undefined) throw new Error(`no cluster in ${cluster.folder}`);
  const { user, keyFile, monitors } = access;
  return new LabCeph(cluster, own, cluster.pool, user, keyFile, await cluster.key(), monitors);
}
