import { readFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** One line of /proc/self/mountinfo (proc(5)). */
export interface Mount {
  /** "major:minor" of the file system; btrfs has one that is no device's. */
  readonly device: string;
  /** What of the file system is mounted: "/" is all of it. */
  readonly root: string;
  readonly path: string;
  /** Read-only at this mount point, or as a whole. */
  readonly readonly: boolean;
  readonly fsType: string;
  readonly source: string;
  readonly id: string;
  /** The mount that it is mounted on. */
  readonly parentId: string;
  /** The peer group in which it is: what is mounted on one of it is on all, and on those that follow it. */
  readonly peers: string | undefined;
  /** The peer group that it follows. */
  readonly follows: string | undefined;
}

export function parseMountinfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [id = '', parentId = '', device, root, path, options, ...optional] =
      before?.split(' ') ?? [];
    const group = (tag: string) =>
      optional.find((field) => field.startsWith(`${tag}:`))?.slice(tag.length + 1);
    const [fsType, source, superOptions] = after?.split(' ') ?? [];
    if (
      device === undefined ||
      root === undefined ||
      path === undefined ||
      options === undefined ||
      fsType === undefined ||
      source === undefined
    )
      return [];
    return [
      {
        device,
        root: unoctal(root),
        path: unoctal(path),
        readonly: isReadonly(options) || isReadonly(superOptions ?? ''),
        fsType,
        source: unoctal(source),
        id,
        parentId,
        peers: group('shared'),
        follows: group('master'),
      },
    ];
  });
}

/** This process's mounts, in the order in which they were made. The kernel tells them from memory. */
export function readMounts(): Mount[] {
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** Where the hierarchies of control groups are mounted, each with its controllers; version 2 has none among its options. */
export function readCgroupMounts(): Array<{ path: string; controllers: readonly string[] }> {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const [fsType, , options = ''] = after.split(' ');
      if (fsType !== 'cgroup' && fsType !== 'cgroup2') return [];
      const controllers = fsType === 'cgroup' ? options.split(',') : [];
      return [{ path: unoctal(before.split(' ')[4] ?? ''), controllers }];
    });
}

/** The mount that is seen at a path, on top of any others there. */
export function mountAt(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts.findLast((mount) => mount.path === path);
}

/** A path as mountinfo shows it. Its last part is not followed: it may be missing, or dead. */
export async function canonical(path: string): Promise<string> {
  const whole = resolve(path);
  try {
    return join(await realpath(dirname(whole)), basename(whole));
  } catch {
    return whole;
  }
}

function isReadonly(options: string): boolean {
  return options.split(',').includes('ro');
}

/** The kernel writes blank, tab, newline and backslash in octal. */
function unoctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
