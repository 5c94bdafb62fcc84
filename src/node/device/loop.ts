import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { runTool } from '../tool.js';
import type { Device } from './device.js';

const SECTOR = 512n;

export interface Loop extends Device {
  /** The file behind it. */
  readonly file: string;
}

/** The loop devices that have a file, as sysfs shows them. */
export async function listLoops(): Promise<Loop[]> {
  const names = (await readdir('/sys/block')).filter((name) => name.startsWith('loop'));
  const loops = await Promise.all(names.map(readLoop));
  return loops.filter((loop) => loop !== undefined);
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
export async function sizeOfLoop(device: Device): Promise<bigint> {
  const sectors = await readFile(`/sys/block/${basename(device.path)}/size`, 'utf8');
  return BigInt(sectors.trim()) * SECTOR;
}

async function readLoop(name: string): Promise<Loop | undefined> {
  try {
    const read = async (file: string) =>
      (await readFile(`/sys/block/${name}/${file}`, 'utf8')).replace(/\n$/, '');
    const [file, number, readonly] = await Promise.all([
      read('loop/backing_file'),
      read('dev'),
      read('ro'),
    ]);
    return { path: `/dev/${name}`, number, readonly: readonly === '1', file };
  } catch {
    // It has no file, or lost it in this moment.
    return undefined;
  }
}
