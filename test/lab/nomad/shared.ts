import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Makes mounts below a folder seen by containers that have the folder, and theirs here. */
export function shareMounts(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const args of [
    ['--bind', folder, folder],
    ['--make-shared', folder],
  ]) {
    const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
  }
}
