import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { DevError } from './errors.js';

/** Debian's package for each program that a development cluster runs. */
const PACKAGES = {
  'ceph-mon': 'ceph-mon',
  'ceph-mgr': 'ceph-mgr',
  'ceph-osd': 'ceph-osd',
  'ceph-authtool': 'ceph-common',
  monmaptool: 'ceph-base',
  ceph: 'ceph-common',
  rbd: 'ceph-common',
  'rbd-fuse': 'rbd-fuse',
} as const;

export type Program = keyof typeof PACKAGES;

export const PROGRAMS = Object.keys(PACKAGES) as Program[];

/**
 * Sees that programs are there before anything is started.
 *
 * @throws DevError that names every missing one, and the command that installs them.
 */
export function requirePrograms(
  programs: readonly Program[] = PROGRAMS,
  path = process.env.PATH,
): void {
  const missing = programs.filter((program) => !isInstalled(program, path ?? ''));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => PACKAGES[program]))];
  throw new DevError(
    `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not installed`,
    `apt-get install --no-install-recommends ${packages.join(' ')}`,
  );
}

function isInstalled(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
