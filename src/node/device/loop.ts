import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { runTool } from '../tool.js';
import type { Device } from './device.js';

const SECTOR = 512n;

export interface Loop extends Device {
  /** The file behind it. */
  readonly file: string;
}

/** The loop devices that have a file, as sysfs shows them: from memory, so it is read at once. */
export function listLoops(): Loop[] {
  return readdirSync('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .map(readLoop)
    .filter((loop) => loop !== undefined);
}

/** Makes a loop device of a file, past the page cache, and answers its path. */
export async function attachLoop(
  volume: string,
  file: string,
  readonly: boolean,
): Promise<Loop | undefined> {
  const args = ['--direct-io=on', '--show', '--find', ...(readonly ? ['--read-only'] : []), file];
  const { stdout } = await runTool('losetup', args, { volume });
  return readLoop(basename(stdout.trim()));
}

/** Takes the file away. Where a program still has the device open, the kernel does it when that ends. */
export async function detachLoop(volume: string, device: Device): Promise<void> {
  await runTool('losetup', ['--detach', device.path], { volume });
}

/** Makes the device as large as the file has become. */
export async function resizeLoop(volume: string, device: Device): Promise<void> {
  await runTool('losetup', ['--set-capacity', device.path], { volume });
}

/** In bytes: what of the file fills whole sectors. */
export function sizeOfLoop(device: Device): bigint {
  return BigInt(readAttribute(basename(device.path), 'size')) * SECTOR;
}

function readLoop(name: string): Loop | undefined {
  try {
    return {
      file: readAttribute(name, 'loop/backing_file'),
      path: `/dev/${name}`,
      number: readAttribute(name, 'dev'),
      readonly: readAttribute(name, 'ro') === '1',
    };
  } catch {
    // It has no file, or lost it in this moment.
    return undefined;
  }
}

function readAttribute(name: string, attribute: string): string {
  return readFileSync(`/sys/block/${name}/${attribute}`, 'utf8').replace(/\n$/, '');
}
