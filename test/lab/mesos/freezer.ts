import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FREEZER } from '../leftovers.js';

/**
 * Mounts version 1 of the freezer below a folder, and returns where its hierarchy is expected: Mesos's launcher needs
 * it, and machines with version 2 alone have it nowhere. Where it is mounted elsewhere too, it is the same one.
 */
export function mountFreezer(folder: string): string {
  const path = join(folder, FREEZER);
  mkdirSync(path, { recursive: true });
  const args = ['-t', 'cgroup', '-o', 'freezer', 'freezer', path];
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
  return dirname(path);
}
