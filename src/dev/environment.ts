import { existsSync } from 'node:fs';
import { rm, rmdir, writeFile } from 'node:fs/promises';
import { makeFolder } from '../files/folders.js';
import { type Attachment, attachmentsOf, mountsBelow } from './attachments.js';
import { type CephAccess, CephCluster, type CephOptions } from './ceph/cluster.js';
import { DAEMONS, type Daemon } from './ceph/layout.js';
import { DevError } from './errors.js';
import { type DevLayout, devLayout } from './layout.js';
import { holderOf, type Lock, tryLock } from './lock.js';
import { broken, pluginPid, startPlugin, stopPlugin, writeConfig } from './plugin.js';
import { findProcesses, isProgram, terminate } from './processes.js';
import { run } from './run.js';

export interface DevOptions extends Pick<CephOptions, 'port' | 'pool' | 'osdBytes'> {
  readonly folder: string;
  /** How to start `pannier`: an executable and its first arguments. */
  readonly program: readonly string[];
  readonly logLevel?: string | undefined;
}

/** What a program needs to use what `pannier dev` runs. The names are those of `pannier dev status -json`. */
export interface DevStatus {
  /** "partial": some of it has ended. "absent": nothing was ever made here. */
  readonly state: 'running' | 'partial' | 'stopped' | 'absent';
  readonly folder: string;
  /** Where the plugin listens as controller and node. */
  readonly endpoint: string;
  readonly config: string;
  readonly log: string;
  readonly ceph: CephAccess | undefined;
  readonly pids: Partial<Record<Daemon | 'plugin', number>>;
  /** Block devices of its images on this machine. */
  readonly attachments: readonly Attachment[];
}

type Progress = (step: string) => void;

const STOP_GRACE_MS = 20_000;
const UNMOUNT_LIMIT_MS = 20_000;

/** A Ceph and a plugin on top of it, in one folder. Failures are DevErrors. */
export class DevEnvironment {
  readonly layout: DevLayout;
  readonly #cluster: CephCluster;
  readonly #options: DevOptions;

  constructor(options: DevOptions) {
    this.#options = options;
    this.layout = devLayout(options.folder);
    const { port, pool, osdBytes } = options;
    this.#cluster = new CephCluster({ folder: this.layout.ceph, port, pool, osdBytes });
  }

  /** Keeps other commands from changing this folder. @throws DevError where one does already. */
  async lock(): Promise<Lock> {
    const lock = await tryLock(this.#lockName);
    if (lock !== undefined) return lock;
    const pid = await holderOf(this.#lockName);
    throw new DevError(
      `another pannier dev works on ${this.layout.folder}${pid === undefined ? '' : ` (process ${pid})`}`,
      'Stop it with `pannier dev stop`, or choose another -folder and -port.',
    );
  }

  /** Ends a `pannier dev` in the foreground, which takes all down. False where there is none. */
  async stopForeground(): Promise<boolean> {
    const pid = await holderOf(this.#lockName);
    if (pid === undefined || pid === process.pid) return false;
    await terminate(pid, 3 * STOP_GRACE_MS);
    return true;
  }

  get isDetached(): boolean {
    return existsSync(this.layout.detached);
  }

  /** Starts what does not run yet. A plugin that an earlier command left behind is replaced. */
  async start(progress: Progress, signal?: AbortSignal): Promise<DevStatus> {
    await makeFolder(this.layout.folder);
    const ceph = await this.#cluster.start(progress, signal);
    progress('Starting the plugin');
    await stopPlugin(this.layout);
    await makeFolder(this.layout.state, 0o700);
    await writeConfig(this.layout, ceph, this.#options.logLevel ?? 'info');
    await startPlugin(this.layout, this.#options.program, signal);
    // librbd takes its time to load, and only a start needs it.
    const { waitForNode } = await import('./registration.js');
    await waitForNode(this.layout, ceph, signal);
    return this.status();
  }

  /** Says that it is to go on without a command in the foreground. */
  async detach(): Promise<void> {
    await writeFile(this.layout.detached, '');
  }

  async status(): Promise<DevStatus> {
    const { folder, endpoint, config, log } = this.layout;
    const ceph = await this.#cluster.status();
    const plugin = pluginPid(this.layout);
    const pids = plugin === undefined ? ceph.pids : { ...ceph.pids, plugin };
    const halves = [ceph.state === 'running', plugin !== undefined];
    const state = halves.every(Boolean)
      ? 'running'
      : Object.keys(pids).length > 0
        ? 'partial'
        : ceph.state;
    const attachments = attachmentsOf({
      folder,
      conf: this.#cluster.conf,
      fsid: ceph.access?.fsid,
    });
    return { state, folder, endpoint, config, log, ceph: ceph.access, pids, attachments };
  }

  /** Which volumes are in use on this machine, or undefined: without Ceph whoever touches them hangs. */
  async inUse(): Promise<string | undefined> {
    const { attachments } = await this.status();
    if (attachments.length === 0) return undefined;
    const list = attachments.map(({ device, mountPoints }) =>
      [device, ...mountPoints].join(' at '),
    );
    return `volumes are still attached: ${list.join('; ')}`;
  }

  /** @throws DevError where a daemon or the plugin has ended. */
  async checkRunning(): Promise<void> {
    const { pids } = await this.status();
    if (pids.plugin === undefined) throw await broken(this.layout, 'the plugin has ended');
    for (const daemon of DAEMONS)
      if (pids[daemon] === undefined)
        throw new DevError(`ceph-${daemon} has ended`, `See the logs in ${this.layout.ceph}/log.`);
  }

  /** Stops the plugin, then Ceph. Data and mounts stay. */
  async stop(progress: Progress): Promise<void> {
    await rm(this.layout.detached, { force: true });
    if (pluginPid(this.layout) !== undefined) progress('Stopping the plugin');
    await stopPlugin(this.layout);
    await this.#cluster.stop(progress);
  }

  /** Takes down the mounts and devices of its images, stops all, and removes the folder. Files of others in it stay. */
  async reset(progress: Progress): Promise<void> {
    await stopPlugin(this.layout);
    const { attachments, folder } = await this.status();
    if (attachments.length > 0) progress('Taking down mounts and devices');
    for (const { mountPoints } of attachments)
      for (const point of [...mountPoints].reverse()) await unmount(point);
    for (const { device } of attachments)
      if (device.startsWith('/dev/loop')) await run('losetup', ['--detach', device]);
    for (const point of mountsBelow(folder)) await unmount(point);
    for (const { pid } of findProcesses(
      (args) => isProgram(args, 'rbd-fuse') && args.some((arg) => arg.startsWith(`${folder}/`)),
    ))
      await terminate(pid, STOP_GRACE_MS);
    await this.stop(progress);
    progress('Removing the data');
    await this.#cluster.destroy();
    const { config, socket, state, mounts, log } = this.layout;
    for (const path of [config, socket, state, mounts, log])
      await rm(path, { recursive: true, force: true });
    await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error;
    });
  }

  get #lockName(): string {
    return `dev ${this.layout.folder}`;
  }
}

/** A mount whose Ceph is gone cannot be flushed, and is taken out of the tree all the same. */
async function unmount(point: string): Promise<void> {
  await run('umount', [point], { limitMs: UNMOUNT_LIMIT_MS }).catch(() =>
    run('umount', ['--lazy', point], { limitMs: UNMOUNT_LIMIT_MS }),
  );
}
