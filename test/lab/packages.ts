import { createHash } from 'node:crypto';
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
  return made('tarball', () => writeTarball(ROOT, FOLDER));
}

/** The path of the plugin's image, in the same way. */
export function pluginImage(): Promise<string> {
  return made('image', () => writePluginImage(ROOT, FOLDER));
}

/** An image of Debian's Redis, by the name that the example jobs have: none can be pulled where tests run. */
export function redisImage(): Promise<string> {
  return made('redis', async () => {
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

/** Whoever comes second waits, and finds it made. */
async function made(name: string, make: () => Promise<string>): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const stamp = join(FOLDER, `.${name}.stamp`);
  let lock = await tryLock(`${FOLDER} ${name}`);
  for (; lock === undefined; lock = await tryLock(`${FOLDER} ${name}`)) await sleep(POLL_MS);
  try {
    const key = await fingerprint();
    const [file = '', of] = existsSync(stamp) ? readFileSync(stamp, 'utf8').split('\n') : [];
    if (of === key && existsSync(file)) return file;
    const fresh = await make();
    writeFileSync(stamp, `${fresh}\n${key}`);
    return fresh;
  } finally {
    lock.release();
  }
}

/** Of all that goes into a package, and of what makes it. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of tar(programEntries(ROOT, ''), MTIME)) hash.update(chunk);
  for (const path of globSync('dist/build/package/*.js', { cwd: ROOT }).sort())
    hash.update(readFileSync(join(ROOT, path)));
  return hash.digest('hex');
}
