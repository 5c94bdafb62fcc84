import { readdirSync, readFileSync } from 'node:fs';
import { VolumeError } from '../../volume/errors.js';
import { runTool } from '../tool.js';
import type { Device } from './device.js';

/** The kernel's interface to rbd (Documentation/ABI/testing/sysfs-bus-rbd of Linux). */
export const BUS = '/sys/bus/rbd';
export const ADD = `${BUS}/add_single_major`;
const REMOVE = `${BUS}/remove_single_major`;
const SECTOR = 512n;
/** More than a page, which is the most that the kernel takes: everything goes in one write. */
const BLOCK = '64K';

export interface RbdDevice extends Device {
  /** The number in its name. */
  readonly id: string;
  /** The cluster's own id. */
  readonly fsid: string;
  readonly pool: string;
  readonly namespace: string;
  readonly image: string;
}

/** How the kernel answered; 'late' where it had not within the limit. */
export type Answer = 'done' | 'late' | { readonly refused: string };

/** What the kernel has mapped through rbd, as sysfs shows it: from memory, so it is read at once. */
export function listRbd(): RbdDevice[] {
  return names(`${BUS}/devices`)
    .map(readRbd)
    .filter((device) => device !== undefined);
}

/** Maps an image. The line may hold a key, and is told to the kernel alone. */
export function addRbd(volume: string, line: string, limitMs: number): Promise<Answer> {
  return tell(volume, ADD, line, limitMs);
}

/**
 * Takes a device away; 'done' where it is gone already. A kernel that is late goes on with it: were it stopped, the
 * image's lock would stay, and the next to write would have this client, which other images may share, shut out of
 * the cluster.
 */
export async function removeRbd(volume: string, id: string, limitMs: number): Promise<Answer> {
  const answer = await tell(volume, REMOVE, id, limitMs, true);
  if (answer === 'done' || answer === 'late') return answer;
  return listRbd().some((device) => device.id === id) ? answer : 'done';
}

/** Has the kernel read the image's header anew, and with it its size. */
export function refreshRbd(volume: string, id: string, limitMs: number): Promise<Answer> {
  return tell(volume, `${BUS}/devices/${id}/refresh`, '1', limitMs);
}

/** In bytes. The device's, and not the image's on the bus: that waits for a refresh that is under way. */
export function sizeOfRbd(device: Device): bigint {
  return BigInt(read(`/sys/block/${device.path.slice('/dev/'.length)}/size`)) * SECTOR;
}

/**
 * Writes to a file of sysfs by a process of its own, which gets the text through a pipe. The kernel answers when the
 * cluster has, and where that is away the writer waits for ever: a thread of libuv's pool could not be taken back,
 * while a process is killed, upon which the kernel gives the wait up, or left to itself.
 */
async function tell(
  volume: string,
  path: string,
  text: string,
  limitMs: number,
  leave = false,
): Promise<Answer> {
  const args = [`of=${path}`, `bs=${BLOCK}`, 'count=1', 'iflag=fullblock'];
  try {
    const { code, stderr } = await runTool('dd', [...args, 'conv=nocreat,notrunc', 'status=none'], {
      ...{ volume, limitMs, leave, input: Buffer.from(text) },
      accept: 'all',
    });
    return code === 0 ? 'done' : { refused: stderr.trim().replace(/^.*: /s, '') };
  } catch (error) {
    if (error instanceof VolumeError && error.kind === 'tool-hung') return 'late';
    throw error;
  }
}

function readRbd(id: string): RbdDevice | undefined {
  const bus = (attribute: string) => read(`${BUS}/devices/${id}/${attribute}`);
  const block = (attribute: string) => read(`/sys/block/rbd${id}/${attribute}`);
  try {
    return {
      id,
      fsid: bus('cluster_fsid'),
      pool: bus('pool'),
      namespace: bus('pool_ns'),
      image: bus('name'),
      path: `/dev/rbd${id}`,
      number: block('dev'),
      readonly: block('ro') === '1',
    };
  } catch {
    // It goes in this moment, or is only coming.
    return undefined;
  }
}

function read(path: string): string {
  return readFileSync(path, 'utf8').replace(/\n$/, '');
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
