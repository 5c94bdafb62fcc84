/** Builds what sites install, into dist/packages. */
import { mkdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { packageRoot } from '../../src/cli/package.js';
import {
  DEBIAN,
  inWorkFolder,
  MTIME,
  writeChecksums,
  writePluginImage,
  writeTarball,
} from './packages.js';
import { makeRootfs } from './rootfs.js';

const root = packageRoot();
const folder = join(root, 'dist', 'packages');
await mkdir(folder, { recursive: true });

console.log('==> Building the tarball');
const files = [await writeTarball(root, folder)];
await inWorkFolder(folder, async (work) => {
  console.log('==> Building the image');
  const debian = join(work, 'debian.tar');
  await makeRootfs(debian, DEBIAN, MTIME);
  files.push(await writePluginImage(root, folder, debian));
});
await writeChecksums(folder, files);
for (const file of files) {
  const { size } = await stat(file);
  console.log(`    ${relative(root, file)}  ${(size / 1e6).toFixed(1)} MB`);
}
