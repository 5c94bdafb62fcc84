import { constants } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { ClusterSettings } from '../../config/settings.js';
import { makeFolder } from '../../files/folders.js';
import type { Effect } from '../../volume/effects.js';
import { fail } from '../../volume/errors.js';
import { parseHandle } from '../../volume/handle.js';
import { holdersOf } from '../holders.js';
import { mountAt, readMounts } from '../mountinfo.js';
import { stateFolders } from '../state-dir.js';
import { problemOf, runTool } from '../tool.js';
import { removeAccess, writeAccess } from './access.js';
import { outliveTask } from './cgroup.js';
import { findProcess, isProcess } from './daemon.js';
import type { Device, Mapper, Mapping, MapRequest } from './device.js';
import { attachLoop, detachLoop, listLoops, resizeLoop, sizeOfLoop } from './loop.js';
import { notedLoops, noteLoop, removeLoopNotes } from './loop-notes.js';
import { isThere, waitFor } from './wait.js';

/** How long a device may stay open after it is detached: programs that look at new devices are quick. */
const DETACH_LIMIT_MS = 5_000;
/** How long rbd-fuse may take to close the image. */
const CLOSE_LIMIT_MS = 20_000;
const ASK_LIMIT_MS = 60_000;
/** rbd-fuse reaches the cluster before it answers; left alone, it asks for five minutes. */
const CONNECT_LIMIT_S = 20;
const START_LIMIT_MS = 30_000;

/**
 * Whoever asks a loop device for its file (losetup, resize2fs, mkfs, of any mount there is) has the kernel ask for the
 * file's attributes. The kernel must know them for good, or a rbd-fuse that hangs holds up programs for all other
 * volumes. Writes may be larger than a page.
 */
const FUSE_OPTIONS = 'attr_timeout=1000000000,big_writes';

/** Where a volume's mapping is. */
interface Place {
  readonly folder: string;
  readonly mountPoint: string;
  /** The name of the file below the mount point. */
  readonly image: string;
}

/** How a cluster is reached now; undefined where it is not configured. Fails with cluster-unavailable. */
export type SettingsOf = (cluster: string) => Promise<ClusterSettings | undefined>;

/**
 * Maps through rbd-fuse, which shows one image as a file, and a loop device on that file. What belongs to a
 * volume is found by its folder, `fuse/<volume>`: the mount point in it, the loop devices on files there or noted in
 * it, and the process that has it as an argument. No file below the mount point may ever be removed: that would
 * remove the image.
 */
export class FuseMapper implements Mapper {
  readonly name = 'fuse';
  readonly #root: string;
  readonly #settingsOf: SettingsOf;
  readonly #effect: Effect;
  /** Where the processes were when they were last seen. */
  readonly #pids = new Map<string, number>();

  /** `stateDir` as mountinfo shows it. */
  constructor(stateDir: string, settingsOf: SettingsOf, effect: Effect) {
    this.#root = stateFolders(stateDir).fuse;
    this.#settingsOf = settingsOf;
    this.#effect = effect;
  }

  async unavailable(): Promise<string | undefined> {
    for (const node of ['/dev/fuse', '/dev/loop-control'])
      if (!(await isThere(node, constants.R_OK | constants.W_OK))) return `there is no ${node}`;
    for (const program of ['rbd-fuse', 'losetup'])
      if (!(await isInstalled(program))) return `${program} is not installed`;
    return undefined;
  }

  async find(volumeId: string): Promise<Mapping | undefined> {
    const place = this.#place(volumeId);
    if (place === undefined || !(await isThere(place.folder))) return undefined;
    const devices = await this.#devices(volumeId);
    const mounted = mountAt(readMounts(), place.mountPoint) !== undefined;
    const pid = await this.#process(place.mountPoint);
    if (!mounted && devices.length === 0 && pid === undefined) return undefined;
    return { devices, alive: mounted && pid !== undefined };
  }

  async ownerOf(devicePath: string): Promise<string | undefined> {
    for (const volumeId of await this.list())
      if ((await this.#devices(volumeId)).some(({ path }) => path === devicePath)) return volumeId;
    return undefined;
  }

  async list(): Promise<string[]> {
    const names = await readdir(this.#root).catch(() => []);
    return names.map(volumeOf);
  }

  async map(request: MapRequest, call: 'stage' | 'publish'): Promise<Device> {
    const { volumeId, handle, readonly } = request;
    const place = this.#mustPlace(volumeId);
    const mapping = await this.find(volumeId);
    const there = mapping?.devices.find((device) => device.readonly === readonly);
    if (there !== undefined) return there;
    if (mapping === undefined) await this.#start(request);
    const file = join(place.mountPoint, handle.image);
    return this.#effect(`${call}/attach-device`, async () => {
      const device = await this.#attach(volumeId, file, readonly);
      const problem = 'it shows no such image: may its user read and write it?';
      if (device === undefined)
        return fail('tool-failed', { tool: 'rbd-fuse', volume: volumeId, problem });
      await noteLoop(place.folder, device.path);
      return device;
    });
  }

  async detach(volumeId: string, device: Device): Promise<void> {
    await detachLoop(volumeId, device);
    const gone = await waitFor(
      async () => !(await this.#devices(volumeId)).some(({ path }) => path === device.path),
      DETACH_LIMIT_MS,
    );
    if (!gone) fail('volume-in-use', { volume: volumeId, users: await holdersOf(device.path) });
  }

  async unmap(volumeId: string): Promise<void> {
    const place = this.#place(volumeId);
    if (place === undefined || !(await isThere(place.folder))) return;
    for (const device of await this.#devices(volumeId))
      await this.#effect('unstage/detach-device', () => this.detach(volumeId, device));
    const pid = await this.#process(place.mountPoint);
    const mounted = mountAt(readMounts(), place.mountPoint) !== undefined;
    if (mounted || pid !== undefined)
      await this.#effect('unstage/stop-fuse', () => this.#stop(volumeId, place.mountPoint));
    await this.#effect('unstage/remove-access', async () => {
      await removeAccess(place.folder);
      await removeLoopNotes(place.folder);
      for (const folder of [place.mountPoint, place.folder]) await rmdir(folder).catch(isGone);
    });
  }

  async refresh(volumeId: string, device: Device): Promise<void> {
    const { mountPoint, image } = this.#mustPlace(volumeId);
    await askAnew(volumeId, join(mountPoint, image));
    await resizeLoop(volumeId, device);
  }

  async sizeOf(device: Device): Promise<bigint> {
    return sizeOfLoop(device);
  }

  async #start({ volumeId, handle, credentials, shared }: MapRequest): Promise<void> {
    const { folder, mountPoint } = this.#mustPlace(volumeId);
    const settings = await this.#settingsOf(handle.cluster);
    if (settings === undefined) return fail('volume-not-found', { volume: volumeId });
    const cluster = await this.#effect('stage/write-access', async () => {
      const args = await writeAccess(folder, settings, credentials);
      await makeFolder(mountPoint, 0o700);
      return args;
    });
    const args = [
      ...cluster,
      `--client_mount_timeout=${CONNECT_LIMIT_S}`,
      ...(shared ? ['--rbd_cache=false'] : []),
      '-p',
      handle.pool,
      ...(handle.namespace === '' ? [] : [`--namespace=${handle.namespace}`]),
      `--image=${handle.image}`,
      '-o',
      FUSE_OPTIONS,
      mountPoint,
    ];
    await this.#effect('stage/start-fuse', async () => {
      await runTool('rbd-fuse', args, { volume: volumeId, limitMs: START_LIMIT_MS });
      const pid = await this.#process(mountPoint);
      if (pid !== undefined) await outliveTask(pid);
    });
  }

  /** Undefined where the file cannot be had: rbd-fuse ends without a word where the image does. */
  async #attach(volumeId: string, file: string, readonly: boolean): Promise<Device | undefined> {
    return (await askAnew(volumeId, file)) ? attachLoop(volumeId, file, readonly) : undefined;
  }

  /** Unmounts, upon which rbd-fuse closes the image and ends; it still may have to write what it cached. */
  async #stop(volumeId: string, mountPoint: string): Promise<void> {
    const pid = await this.#process(mountPoint);
    while (mountAt(readMounts(), mountPoint) !== undefined)
      await runTool('umount', [mountPoint], { volume: volumeId });
    const ended = await waitFor(
      async () => pid === undefined || !(await isProcess(pid, mountPoint)),
      CLOSE_LIMIT_MS,
    );
    if (!ended) fail('device-closing', { volume: volumeId, process: `rbd-fuse (process ${pid})` });
  }

  async #process(mountPoint: string): Promise<number | undefined> {
    const pid = await findProcess(mountPoint, this.#pids.get(mountPoint));
    if (pid === undefined) this.#pids.delete(mountPoint);
    else this.#pids.set(mountPoint, pid);
    return pid;
  }

  async #devices(volumeId: string): Promise<Device[]> {
    const place = this.#place(volumeId);
    if (place === undefined) return [];
    const noted = await notedLoops(place.folder);
    return listLoops().filter(
      ({ file, path }) =>
        file.startsWith(`${place.mountPoint}/`) ||
        (file === `/${place.image}` && noted.includes(path)),
    );
  }

  #place(volumeId: string): Place | undefined {
    const handle = parseHandle(volumeId);
    if (handle === undefined) return undefined;
    // No part of a handle can hold '@', so this is reversible, and people can read it.
    const folder = join(this.#root, volumeId.replaceAll('/', '@'));
    return { folder, mountPoint: join(folder, 'image'), image: handle.image };
  }

  #mustPlace(volumeId: string): Place {
    return this.#place(volumeId) ?? fail('volume-not-found', { volume: volumeId });
  }
}

/**
 * Has the kernel ask rbd-fuse what size the image has now, which older ones do not do where a loop device is to grow.
 * False where there is no such file.
 */
async function askAnew(volume: string, file: string): Promise<boolean> {
  const args = ['--cached=never', '--format=%s', file];
  const result = await runTool('stat', args, { volume, limitMs: ASK_LIMIT_MS, accept: [1] });
  // GNU coreutils before 9.0 do not know the option.
  if (/unrecognized option/.test(result.stderr))
    fail('tool-failed', { tool: 'stat', volume, problem: problemOf(result) });
  return result.code === 0;
}

function volumeOf(folderName: string): string {
  return folderName.replaceAll('@', '/');
}

async function isInstalled(program: string): Promise<boolean> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/sbin'];
  for (const folder of folders)
    if (await isThere(join(folder, program), constants.X_OK)) return true;
  return false;
}

function isGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
