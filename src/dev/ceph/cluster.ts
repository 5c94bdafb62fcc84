import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DevError } from '../errors.js';
import { requirePrograms } from '../packages.js';
import { ceph, rbd } from './commands.js';
import type { Description } from './conf.js';
import {
  checkOsdSize,
  clear,
  create,
  describe,
  type Progress,
  readDescription,
  writeDescription,
} from './create.js';
import { running, startDaemon, stopAll, stopDaemon } from './daemons.js';
import { readKey } from './keys.js';
import { DAEMONS, type Daemon, type Layout, layoutOf, USER } from './layout.js';
import { ensurePool, waitForPool, waitForReport } from './pool.js';
import { reservePorts } from './ports.js';

export interface CephOptions {
  /** The cluster's own folder; it is made, and `destroy` removes it. */
  readonly folder: string;
  /** The IPv4 address to listen on: 127.0.0.1 where none is given. */
  readonly address?: string | undefined;
  /** The monitor's port; the next 31 are used too. The first free ones where none is given. */
  readonly port?: number | undefined;
  /** A pool to have: "rbd" where none is given. */
  readonly pool?: string | undefined;
  /** The OSD's size: 10 GiB where none is given. The file is sparse. */
  readonly osdBytes?: bigint | undefined;
  /** Further options for ceph.conf's section "global". */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** What a client needs to use a cluster. */
export interface CephAccess {
  readonly fsid: string;
  /** "127.0.0.1:23300". */
  readonly monitors: readonly string[];
  readonly conf: string;
  /** Without "client.". */
  readonly user: string;
  /** A file with the user's key and nothing else. */
  readonly keyFile: string;
  readonly keyRing: string;
  readonly pool: string;
}

export interface CephStatus {
  /** "absent": never made, or cut short while being made. */
  readonly state: 'running' | 'partial' | 'stopped' | 'absent';
  readonly pids: Partial<Record<Daemon, number>>;
  readonly access: CephAccess | undefined;
}

/**
 * A real Ceph on one machine: a monitor, a manager and a BlueStore OSD on a sparse file, all in one folder.
 * The daemons live on when this process ends, and the data when they do. Every method can be called again
 * after a crash at any point of an earlier one. Failures are DevErrors.
 */
export class CephCluster {
  readonly #layout: Layout;
  readonly #options: CephOptions;
  readonly pool: string;

  constructor(options: CephOptions) {
    this.#options = options;
    this.#layout = layoutOf(resolve(options.folder));
    this.pool = options.pool ?? 'rbd';
  }

  get folder(): string {
    return this.#layout.folder;
  }

  get conf(): string {
    return this.#layout.conf;
  }

  /** Makes the cluster where there is none, starts what does not run, and waits until the pool answers. */
  async start(progress: Progress = () => {}, signal?: AbortSignal): Promise<CephAccess> {
    requirePrograms();
    const found = await readDescription(this.#layout);
    if (found === undefined) return this.#create(progress, signal);
    this.#refuseOtherShape(found);
    const pids = running(this.#layout);
    const first = Object.keys(pids).length === 0;
    const ports = first ? await reservePorts(found.address, found.port) : undefined;
    try {
      progress('Starting the Ceph monitor');
      await startDaemon(this.#layout, 'mon', signal);
      progress('Starting the OSD and the manager');
      await Promise.all([
        startDaemon(this.#layout, 'osd', signal),
        startDaemon(this.#layout, 'mgr', signal),
      ]);
    } finally {
      ports?.release();
    }
    progress(`Waiting for pool "${this.pool}"`);
    const pools = await ceph(this.#layout, ['osd', 'pool', 'ls'], signal);
    if (pools.split('\n').includes(this.pool)) await waitForPool(this.#layout, this.pool, signal);
    else await ensurePool(this.#layout, this.pool, { signal });
    await waitForReport(this.#layout, this.pool, signal);
    return this.#access(found);
  }

  async #create(progress: Progress, signal: AbortSignal | undefined): Promise<CephAccess> {
    const { address = '127.0.0.1', port, osdBytes, settings = {} } = this.#options;
    const bytes = checkOsdSize(osdBytes);
    await clear(this.#layout);
    const ports = await reservePorts(address, port);
    try {
      const description = describe(address, ports.port, bytes, settings);
      await create(this.#layout, description, progress, signal);
      progress(`Creating pool "${this.pool}"`);
      await ensurePool(this.#layout, this.pool, { signal });
      progress("Waiting for the manager's first report");
      await waitForReport(this.#layout, this.pool, signal);
      await writeDescription(this.#layout, description);
      return this.#access(description);
    } catch (error) {
      await stopAll(this.#layout);
      throw error;
    } finally {
      ports.release();
    }
  }

  /** Stops the daemons; the data stays. */
  async stop(progress: Progress = () => {}): Promise<void> {
    if (Object.keys(running(this.#layout)).length === 0) return;
    progress('Stopping Ceph');
    await stopAll(this.#layout);
  }

  async status(): Promise<CephStatus> {
    const pids = running(this.#layout);
    const description = await readDescription(this.#layout);
    const count = Object.keys(pids).length;
    if (description === undefined) return { state: 'absent', pids, access: undefined };
    const state = count === DAEMONS.length ? 'running' : count === 0 ? 'stopped' : 'partial';
    return { state, pids, access: this.#access(description) };
  }

  /** Stops the daemons and removes the folder with all its data. */
  async destroy(progress: Progress = () => {}): Promise<void> {
    await this.stop(progress);
    await clear(this.#layout);
    await rm(this.#layout.folder, { recursive: true, force: true });
  }

  /** Starts one daemon; it is not waited for. */
  startDaemon(daemon: Daemon): Promise<void> {
    return startDaemon(this.#layout, daemon);
  }

  stopDaemon(daemon: Daemon, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    return stopDaemon(this.#layout, daemon, signal);
  }

  /** Adds a pool for RBD. Adding it again changes nothing. */
  addPool(pool: string, placementGroups: number): Promise<void> {
    return ensurePool(this.#layout, pool, { placementGroups });
  }

  /** Runs `ceph` as the administrator and returns what it printed. */
  ceph(...args: string[]): Promise<string> {
    return ceph(this.#layout, args);
  }

  /** Runs `rbd` as the administrator and returns what it printed. */
  rbd(...args: string[]): Promise<string> {
    return rbd(this.#layout, args);
  }

  /** The key of the user that Pannier has. */
  key(): Promise<string> {
    return readKey(this.#layout.keyRing, `client.${USER}`);
  }

  #refuseOtherShape(found: Description): void {
    const { address, port, osdBytes } = this.#options;
    const differ = (what: string, is: unknown, asked: unknown): never => {
      throw new DevError(
        `the cluster in ${this.folder} was made with ${what} ${is}, not ${asked}`,
        'Leave the flag out, choose another -folder, or begin anew with `pannier dev reset`.',
      );
    };
    if (address !== undefined && address !== found.address)
      differ('address', found.address, address);
    if (port !== undefined && port !== found.port) differ('port', found.port, port);
    if (osdBytes !== undefined && osdBytes.toString() !== found.osdBytes)
      differ('an OSD of bytes', found.osdBytes, osdBytes);
  }

  #access(description: Description): CephAccess {
    return {
      fsid: description.fsid,
      monitors: [`${description.address}:${description.port}`],
      conf: this.#layout.conf,
      user: USER,
      keyFile: this.#layout.keyFile,
      keyRing: this.#layout.keyRing,
      pool: this.pool,
    };
  }
}
