import { lstat, readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { canonical, mountAt, readMounts } from '../node/mountinfo.js';
import { CommandError, EXIT } from './errors.js';
import type { MountRecord } from './mounts.js';

/**
 * Sees that a volume can be shown at a path, before anything is done. Throws CommandError. An empty directory, or
 * an empty file for a device, may be there.
 */
export async function checkTarget(path: string, access: MountRecord['access']): Promise<void> {
  await refuseMount(path);
  const parent = dirname(path);
  if (!(await stat(parent).catch(() => undefined))?.isDirectory())
    throw refused(
      `${parent} is not a directory`,
      `Create it first: mkdir -p ${parent}`,
      'NOT_FOUND',
    );
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  const occupied = (problem: string) =>
    refused(`${path} ${problem}`, 'Remove what is there, or choose another path.');
  if (access === 'block') {
    if (!found.isFile()) throw occupied('is not a file, which a device is shown at');
    if (found.size > 0) throw occupied('is a file that holds data');
  } else {
    if (!found.isDirectory()) throw occupied('is not a directory');
    if ((await readdir(path)).length > 0) throw occupied('is a directory that holds files');
  }
}

/** The same of a folder to stage a volume at; it may be missing. Answers whether it is there. */
export async function checkStaging(path: string): Promise<boolean> {
  await refuseMount(path);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return found !== undefined;
  throw refused(`${path} is not a directory`, 'Choose another -staging-path.');
}

async function refuseMount(path: string): Promise<void> {
  const mount = mountAt(readMounts(), await canonical(path));
  if (mount !== undefined)
    throw refused(
      `${path} has ${mount.source} mounted on it`,
      `Choose another path. Where it is a volume, \`pannier volume unmount ${path}\` takes it away.`,
    );
}

function refused(message: string, remedy: string, code = 'ALREADY_EXISTS'): CommandError {
  return new CommandError(message, { code, remedy, exitCode: EXIT.usage });
}
