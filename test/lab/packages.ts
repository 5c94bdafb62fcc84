import { createHash, type Hash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeImage } from '../../build/package/image.js';
import {
  DEBIAN,
  inWorkFolder,
  MTIME,
  writePluginImage,
  writeTarball,
} from '../../build/package/packages.js';
import { programEntries } from '../../build/package/program.js';
import { makeRootfs } from '../../build/package/rootfs.js';
import { tar } from '../../build/package/tar.js';
import { packageRoot } from '../../src/cli/package.js';
import { tryLock } from '../../src/dev/lock.js';

const ROOT = packageRoot();
const FOLDER = join(ROOT, 'dist', 'packages');
const POLL_MS = 200;

/** The path of the tarball that `npm run package` makes, made where its sources changed. */
export function tarball(): Promise<string> {
  return made('tarball', programKey, () => writeTarball(ROOT, FOLDER));
}

/** The path of a tar archive of Debian's part of the image. */
export function debian(): Promise<string> {
  return made('debian', debianKey, async () => {
    const file = join(FOLDER, 'debian.tar');
    await makeRootfs(file, DEBIAN, MTIME);
    return file;
  });
}

/** The path of the plugin's image, in the same way. */
export async function pluginImage(): Promise<string> {
  const rootfs = await debian();
  const key = async () => (await programKey()) + debianKey();
  return made('image', key, () => writePluginImage(ROOT, FOLDER, rootfs));
}

/** An image of Debian's Redis, by the name that the example jobs have: none can be pulled where tests run. */
export function redisImage(): Promise<string> {
  return made('redis', debianKey, async () => {
    const file = join(FOLDER, 'redis.image.tar');
    await inWorkFolder(FOLDER, async (folder) => {
      const rootfs = join(folder, 'rootfs.tar');
      await makeRootfs(rootfs, ['redis-server'], MTIME);
      const config = { Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'], Labels: {} };
      const layers = [createReadStream(rootfs)];
      await writeImage(file, { reference: 'redis:7', config, layers, mtime: MTIME, folder });
    });
    return file;
  });
}

type Key = () => string | Promise<string>;

/** Makes a file where what goes into it has changed. Whoever comes second waits, and finds it made. */
async function made(name: string, keyOf: Key, make: () => Promise<string>): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const stamp = join(FOLDER, `.${name}.stamp`);
  let lock = await tryLock(`${FOLDER} ${name}`);
  for (; lock === undefined; lock = await tryLock(`${FOLDER} ${name}`)) await sleep(POLL_MS);
  try {
    const key = await keyOf();
    const [file = '', of] = existsSync(stamp) ? readFileSync(stamp, 'utf8').split('\n') : [];
    if (of === key && existsSync(file)) return file;
    const fresh = await make();
    writeFileSync(stamp, `${fresh}\n${key}`);
    return fresh;
  } finally {
    lock.release();
  }
}

/** Of the program, and of what packs it. */
async function programKey(): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of tar(programEntries(ROOT, ''), MTIME)) hash.update(chunk);
  return packerKey(hash);
}

/** Of what packs Debian's packages; these themselves change from day to day. */
function debianKey(): string {
  return packerKey(createHash('sha256').update(new Date().toISOString().slice(0, 10)));
}

function packerKey(hash: Hash): string {
  for (const path of globSync('dist/build/package/*.js', { cwd: ROOT }).sort())
    hash.update(readFileSync(join(ROOT, path)));
  return hash.digest('hex');
}
