import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FileSystem } from '../volume/capability.js';
import { fail } from '../volume/errors.js';
import type { Device } from './device/device.js';
import { problemOf, runTool } from './tool.js';

const MEBIBYTE = 1n << 20n;
const PROBE_LIMIT_MS = 120_000;
const MAKE_LIMIT_MS = 600_000;
/**
 * mkfs.btrfs looks at every mounted device, and gives up at one whose server has died. It says so before it writes
 * anything, and such a device is soon taken down.
 */
const OTHERS_DEVICE = /cannot check mount status/;
const MAKE_ROUNDS = 10;
const MAKE_PAUSE_MS = 1_000;
/** A check walks the whole file system. */
const CHECK_LIMIT_MS = 3_600_000;
const CAP_SYS_RESOURCE = 24n;
/** resize2fs leaves out a last group that would hold little more than its own tables. */
const EXT4_SPARE_BLOCKS = 768n;

/** blkid(8): nothing was found. */
const BLKID_NOTHING = 2;
/** blkid(8), low-level probing: there is more than one answer. */
const BLKID_AMBIVALENT = 8;

export type Content =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'file system'; readonly type: string }
  | { readonly kind: 'other'; readonly what: string };

/** What the signatures on a device say. "nothing" is not yet a blank device. */
export async function probe(volume: string, devicePath: string): Promise<Content> {
  const { code, stdout } = await runTool('blkid', ['--probe', '-o', 'export', devicePath], {
    volume,
    limitMs: PROBE_LIMIT_MS,
    accept: [BLKID_NOTHING, BLKID_AMBIVALENT],
  });
  if (code === BLKID_AMBIVALENT) return { kind: 'other', what: 'signatures of several kinds' };
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(stdout)?.[1];
  const type = value('TYPE');
  if (value('USAGE') === 'filesystem' && type !== undefined) return { kind: 'file system', type };
  if (type !== undefined) return { kind: 'other', what: type };
  const table = value('PTTYPE');
  if (table !== undefined) return { kind: 'other', what: `a partition table (${table})` };
  return code === BLKID_NOTHING
    ? { kind: 'nothing' }
    : { kind: 'other', what: 'something that blkid does not name' };
}

/** Which end of a device holds a byte that is not zero; undefined where neither does. */
export async function findBytes(
  volume: string,
  path: string,
  sizeBytes: bigint,
): Promise<string | undefined> {
  const length = sizeBytes < MEBIBYTE ? sizeBytes : MEBIBYTE;
  const ends = [
    { skip: 0n, where: 'its first MiB' },
    { skip: sizeBytes - length, where: 'its last MiB' },
  ];
  const found = await Promise.all(
    ends.map(async ({ skip, where }) => {
      const args = ['--silent', `--bytes=${length}`, `--ignore-initial=${skip}:0`];
      // 1 is a difference, and 2 an error, which says nothing of what is there.
      const { code } = await runTool('cmp', [...args, path, '/dev/zero'], {
        volume,
        limitMs: PROBE_LIMIT_MS,
        accept: [1],
      });
      return code === 0 ? undefined : where;
    }),
  );
  return found.find((where) => where !== undefined);
}

/**
 * Makes a file system. None discards, since images are thin from the start; ext4 keeps no blocks for root
 * and leaves its tables to the first mount.
 */
export async function makeFileSystem(
  volume: string,
  device: Device,
  type: FileSystem,
): Promise<void> {
  const args: Record<FileSystem, readonly string[]> = {
    ext4: ['-q', '-m', '0', '-E', 'nodiscard,lazy_itable_init=1,lazy_journal_init=1'],
    xfs: ['-q', '-f', '-K'],
    btrfs: ['-q', '-f', '-K'],
  };
  const make = () =>
    runTool(`mkfs.${type}`, [...args[type], device.path], {
      volume,
      limitMs: MAKE_LIMIT_MS,
      accept: 'all',
    });
  let made = await make();
  for (let round = 0; round < MAKE_ROUNDS && OTHERS_DEVICE.test(made.stderr); round++) {
    await sleep(MAKE_PAUSE_MS);
    made = await make();
  }
  if (made.code !== 0)
    fail('tool-failed', { tool: `mkfs.${type}`, volume, problem: problemOf(made) });
}

/** True where the kernel lets this process grow an ext4 that is mounted. */
export async function mayGrowMountedExt4(): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8');
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
}

/** True where an ext4 leaves a part of its device unused that resize2fs could take. */
export async function isExt4Smaller(
  volume: string,
  device: Device,
  sizeBytes: bigint,
): Promise<boolean> {
  const { stdout } = await runTool('dumpe2fs', ['-h', device.path], { volume });
  const value = (key: string) => {
    const text = new RegExp(`^${key}:\\s*(\\d+)$`, 'm').exec(stdout)?.[1];
    if (text === undefined)
      fail('tool-failed', { tool: 'dumpe2fs', volume, problem: `it tells no ${key}` });
    return BigInt(text);
  };
  return value('Block count') + EXT4_SPARE_BLOCKS < sizeBytes / value('Block size');
}

/** Grows an ext4 that is not mounted, which resize2fs does only after a whole check. */
export async function growUnmountedExt4(volume: string, device: Device): Promise<void> {
  // 1 is "errors were corrected".
  await runTool('e2fsck', ['-f', '-p', device.path], {
    volume,
    limitMs: CHECK_LIMIT_MS,
    accept: [1],
  });
  await runTool('resize2fs', [device.path], { volume, limitMs: CHECK_LIMIT_MS });
}

/** True where a btrfs leaves a part of its device unused; resizing it to the size it has may be refused. */
async function isBtrfsSmaller(volume: string, path: string): Promise<boolean> {
  const { stdout } = await runTool('btrfs', ['device', 'usage', '--raw', path], { volume });
  return !/^\s*Device slack:\s*0\s*$/m.test(stdout);
}

/** xfs leaves out a last allocation group of fewer blocks. */
const XFS_SPARE_BLOCKS = 64n;

/** True where a mounted file system leaves a part of its device unused that it could take. */
export async function isSmaller(
  volume: string,
  device: Device,
  type: FileSystem,
  path: string,
  sizeBytes: bigint,
): Promise<boolean> {
  if (type === 'ext4') return isExt4Smaller(volume, device, sizeBytes);
  if (type === 'btrfs') return isBtrfsSmaller(volume, path);
  // xfs_info itself asks every loop device for its file, and waits where that of another volume hangs.
  const { stdout } = await runTool('xfs_spaceman', ['-p', 'xfs_info', '-c', 'info', path], {
    volume,
  });
  const [, blockBytes, blocks] = /^data\s.*\bbsize=(\d+)\s+blocks=(\d+)/m.exec(stdout) ?? [];
  if (blockBytes === undefined || blocks === undefined)
    return fail('tool-failed', { tool: 'xfs_spaceman', volume, problem: 'it tells no size' });
  return BigInt(blocks) + XFS_SPARE_BLOCKS < sizeBytes / BigInt(blockBytes);
}

/** Grows a mounted file system to its device. One that has that size is left as it is. */
export async function growMounted(
  volume: string,
  device: Device,
  type: FileSystem,
  path: string,
): Promise<void> {
  const commands: Record<FileSystem, readonly [string, ...string[]]> = {
    ext4: ['resize2fs', device.path],
    xfs: ['xfs_growfs', '-d', path],
    btrfs: ['btrfs', 'filesystem', 'resize', 'max', path],
  };
  if (type === 'btrfs' && !(await isBtrfsSmaller(volume, path))) return;
  const [tool, ...args] = commands[type];
  const result = await runTool(tool, args, { volume, limitMs: MAKE_LIMIT_MS, accept: 'all' });
  if (result.code !== 0) fail('cannot-grow', { fsType: type, volume, problem: problemOf(result) });
}
