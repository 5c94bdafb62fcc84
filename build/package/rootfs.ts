import { rename } from 'node:fs/promises';
import { run } from '../../src/dev/run.js';

const SUITE = 'bookworm';

/** What of the packages nobody reads in a container. Copyright notices stay. */
const LEFT_OUT = ['man', 'info', 'locale', 'doc'].map((name) => `/usr/share/${name}/*`);
const KEPT = ['/usr/share/doc/*/copyright', '/usr/share/locale/locale.alias'];

/** It downloads some 100 MB. */
const LIMIT_MS = 900_000;

/**
 * Writes the root file system of a small Debian with some packages, as a tar archive. Debian's packages being the
 * same, so is the archive. `mtime` is the time of what the installation makes, in seconds since 1970.
 *
 * @throws DevError where mmdebstrap is missing or fails.
 */
export async function makeRootfs(
  file: string,
  packages: readonly string[],
  mtime: number,
): Promise<void> {
  const unfinished = `${file}.new`;
  const options = [
    ...LEFT_OUT.map((path) => `path-exclude=${path}`),
    ...KEPT.map((path) => `path-include=${path}`),
  ];
  await run(
    'mmdebstrap',
    [
      ...['--quiet', '--mode=root', '--variant=essential', '--format=tar'],
      `--include=${packages.join(',')}`,
      ...options.map((option) => `--dpkgopt=${option}`),
      ...[SUITE, unfinished],
    ],
    { limitMs: LIMIT_MS, env: { SOURCE_DATE_EPOCH: `${mtime}` } },
  );
  await rename(unfinished, file);
}
