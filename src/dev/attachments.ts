import { readdirSync, readFileSync } from 'node:fs';
import { argumentsOf } from './processes.js';

/** A block device that stands for an image of a cluster. */
export interface Attachment {
  /** "/dev/loop3". */
  readonly device: string;
  readonly mountPoints: readonly string[];
}

/** What tells that a device is of one development cluster. */
export interface Owner {
  /** Loop devices on files below this folder are of the cluster. */
  readonly folder: string;
  readonly conf: string;
  readonly fsid: string | undefined;
}

/** The devices of a cluster's images on this machine, whichever way they were made: loop, krbd or nbd. */
export function attachmentsOf(owner: Owner): Attachment[] {
  const mounts = mountsBySource();
  return readdirSync('/sys/class/block')
    .filter((name) => isOf(name, owner))
    .map((name) => `/dev/${name}`)
    .map((device) => ({ device, mountPoints: mounts.get(device) ?? [] }));
}

/** Mount points below a folder, the innermost first. */
export function mountsBelow(folder: string): string[] {
  return mounts()
    .map(({ point }) => point)
    .filter((point) => point.startsWith(`${folder}/`))
    .reverse();
}

/** Loop devices that are mounted below a folder. */
export function loopsMountedBelow(folder: string): string[] {
  return mounts()
    .filter(
      ({ point, source }) => point.startsWith(`${folder}/`) && /^\/dev\/loop\d+$/.test(source),
    )
    .map(({ source }) => source);
}

/** Loop devices on files below a folder. */
export function loopsBelow(folder: string): string[] {
  return readdirSync('/sys/class/block')
    .filter((name) => isLoopBelow(name, folder))
    .map((name) => `/dev/${name}`);
}

function isLoopBelow(name: string, folder: string): boolean {
  return (
    /^loop\d+$/.test(name) && read(`/sys/block/${name}/loop/backing_file`).startsWith(`${folder}/`)
  );
}

function isOf(name: string, { folder, conf, fsid }: Owner): boolean {
  if (isLoopBelow(name, folder)) return true;
  const rbd = /^rbd(\d+)$/.exec(name)?.[1];
  if (rbd !== undefined)
    return fsid !== undefined && read(`/sys/bus/rbd/devices/${rbd}/cluster_fsid`) === fsid;
  if (/^nbd\d+$/.test(name))
    return argumentsOf(Number(read(`/sys/block/${name}/pid`))).includes(conf);
  return false;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function mountsBySource(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { source, point } of mounts())
    found.set(source, [...(found.get(source) ?? []), point]);
  return found;
}

/** proc(5), mountinfo: the fifth field is the mount point, the second behind " - " the source. */
function mounts(): { readonly point: string; readonly source: string }[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ');
      return {
        point: unescapeOctal(before.split(' ')[4] ?? ''),
        source: unescapeOctal(after.split(' ')[1] ?? ''),
      };
    });
}

function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
