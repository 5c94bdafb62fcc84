/** Builds what sites install, into dist/packages. */
import { mkdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { packageRoot } from '../../src/cli/package.js';
import { writeChecksums, writePluginImage, writeTarball } from './packages.js';

const root = packageRoot();
const folder = join(root, 'dist', 'packages');
await mkdir(folder, { recursive: true });

const files: string[] = [];
for (const [what, write] of [
  ['the tarball', writeTarball],
  ['the image', writePluginImage],
] as const) {
  console.log(`==> Building ${what}`);
  const file = await write(root, folder);
  const { size } = await stat(file);
  console.log(`    ${relative(root, file)}  ${(size / 1e6).toFixed(1)} MB`);
  files.push(file);
}
await writeChecksums(folder, files);
