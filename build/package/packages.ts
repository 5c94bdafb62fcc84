import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { packageJson } from '../../src/cli/package.js';
import { writeImage } from './image.js';
import { programEntries } from './program.js';
import { tar } from './tar.js';

/** Of all files in packages, in seconds since 1970: 2026. They are the same whenever they are made. */
export const MTIME = Date.UTC(2026, 0, 1) / 1000;

/** What the plugin runs, as a controller or a node, of Debian's own. */
export const DEBIAN = [
  ...['librbd1', 'librados2', 'rbd-fuse', 'rbd-nbd', 'fuse3', 'kmod', 'cryptsetup-bin'],
  ...['e2fsprogs', 'xfsprogs', 'btrfs-progs', 'util-linux', 'mount'],
];

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Writes the program with its own Node.js as a compressed archive, which runs wherever it is unpacked. */
export async function writeTarball(root: string, folder: string): Promise<string> {
  const file = join(folder, `${baseName()}.tar.gz`);
  const entries = programEntries(root, 'pannier');
  await pipeline(tar(entries, MTIME), createGzip(), createWriteStream(`${file}.new`));
  await rename(`${file}.new`, file);
  return file;
}

/**
 * Writes an image of the program on top of Debian's packages, and returns its file. `debian` is the root file system
 * that `makeRootfs` makes of them.
 */
export async function writePluginImage(
  root: string,
  folder: string,
  debian: string,
): Promise<string> {
  const file = join(folder, `${baseName()}.image.tar`);
  const { version, description, license } = packageJson();
  const { node, rest } = Object.groupBy(programEntries(root, 'opt/pannier'), ({ path }) =>
    path.startsWith('opt/pannier/lib/') ? 'node' : 'rest',
  );
  const label = (name: string) => `org.opencontainers.image.${name}`;
  await inWorkFolder(folder, async (work) => {
    await writeImage(file, {
      reference: `pannier:${version}`,
      config: {
        Entrypoint: ['/opt/pannier/bin/pannier'],
        Env: [`PATH=${PATH}:/opt/pannier/bin`],
        Labels: {
          [label('title')]: 'pannier',
          [label('version')]: version,
          [label('description')]: String(description),
          [label('licenses')]: String(license),
        },
      },
      // Node.js apart: a new Pannier on the same one is some MB to pull.
      layers: [createReadStream(debian), tar(node ?? [], MTIME), tar(rest ?? [], MTIME)],
      mtime: MTIME,
      folder: work,
    });
  });
  return file;
}

/** Writes what `sha256sum --check` reads. */
export async function writeChecksums(folder: string, files: readonly string[]): Promise<void> {
  const lines = await Promise.all(
    files.map(async (file) => `${await digestOf(file)}  ${basename(file)}\n`),
  );
  await writeFile(join(folder, 'SHA256SUMS'), lines.join(''));
}

export async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Gives a folder to work in, which is gone afterwards. */
export async function inWorkFolder(folder: string, work: (path: string) => Promise<void>) {
  const path = await mkdtemp(join(folder, '.work-'));
  try {
    await work(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

function baseName(): string {
  return `pannier-${packageJson().version}-linux-x64`;
}
