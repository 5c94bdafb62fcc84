import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../volume/errors.js';
import type { Device } from './device/device.js';
import { holdersOf } from './holders.js';
import { canonical, type Mount, mountAt, readMounts } from './mountinfo.js';
import { problemOf, runTool } from './tool.js';

/** Mounting may have to replay a journal. */
const MOUNT_LIMIT_MS = 300_000;
/** Unmounting has to write what is cached; where that takes longer it goes on in the kernel. */
const UNMOUNT_LIMIT_MS = 120_000;
const BUSY_ROUNDS = 5;
const BUSY_PAUSE_MS = 200;

/** True where a mount shows a device: its file system, or for a block volume the device itself. */
export function shows(mount: Mount, device: Device): boolean {
  return (
    mount.device === device.number ||
    mount.source === device.path ||
    (mount.fsType === 'devtmpfs' && mount.root === `/${basename(device.path)}`)
  );
}

/** The paths at which any of the devices is mounted. */
export function pathsOf(mounts: readonly Mount[], devices: readonly Device[]): string[] {
  const paths = mounts
    .filter((mount) => devices.some((device) => shows(mount, device)))
    .map(({ path }) => path);
  return [...new Set(paths)];
}

/** Mounts a file system. Options that the kernel refuses are the caller's mistake. */
export async function mountDevice(
  volume: string,
  device: Device,
  fsType: string,
  options: readonly string[],
  asked: readonly string[],
  path: string,
): Promise<void> {
  const flags = options.length === 0 ? [] : ['-o', options.join(',')];
  const result = await runTool('mount', ['-t', fsType, ...flags, device.path, path], {
    volume,
    limitMs: MOUNT_LIMIT_MS,
    accept: 'all',
  });
  if (result.code === 0) return;
  const problem = problemOf(result);
  // Only btrfs says so, before Linux 6.7.
  if (/File exists/.test(problem)) fail('same-uuid', { volume });
  if (
    asked.length > 0 &&
    /bad option|wrong fs type|invalid argument|unknown parameter/i.test(problem)
  )
    fail('invalid-field', {
      field: 'volume_capability.mount.mount_flags',
      problem: `${fsType} cannot be mounted with them: ${problem}`,
    });
  fail('tool-failed', { tool: 'mount', volume, problem });
}

/** Shows a path at another one; read-only, the target is so before this returns. */
export async function bind(
  volume: string,
  source: string,
  target: string,
  readonly: boolean,
): Promise<void> {
  await runTool('mount', ['-o', readonly ? 'bind,ro' : 'bind', source, target], { volume });
}

/**
 * Unmounts everything at a path. What is in use there is not detached behind its users' back: that is
 * volume-in-use, unless `dead`, where no user can be served any more.
 */
export async function unmountAll(volume: string, path: string, dead: boolean): Promise<void> {
  const where = await canonical(path);
  for (let round = 0; mountAt(readMounts(), where) !== undefined; round++) {
    const result = await runTool('umount', [...(dead ? ['--lazy'] : []), where], {
      volume,
      limitMs: UNMOUNT_LIMIT_MS,
      accept: 'all',
    });
    if (result.code === 0 || /not mounted/.test(result.stderr)) continue;
    if (!/busy/.test(result.stderr))
      fail('tool-failed', { tool: 'umount', volume, problem: problemOf(result) });
    if (round >= BUSY_ROUNDS) fail('volume-in-use', { volume, users: await holdersOf(where) });
    await sleep(BUSY_PAUSE_MS);
  }
}
