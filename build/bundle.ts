/**
 * Bundles the commands into dist/pannier, each an entry of its own over shared chunks, with oclif's manifest
 * beside them. A command then reads a few files instead of a few hundred: half of its start-up otherwise.
 */
import { globSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Interfaces, Plugin } from '@oclif/core';
import { build } from 'esbuild';
import { packageJson, packageRoot } from '../src/cli/package.js';
import { EXTERNAL } from './external.js';
import { lean } from './lean.js';

const root = packageRoot();
const final = join(root, 'dist', 'pannier');
// Built aside and swapped in, so that there is always one to run.
const out = join(root, 'dist', `.pannier-${process.pid}`);

// What was CommonJS looks for these. To make them takes as long as to load a file, so only who looks has them.
const COMMONJS = [
  "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);",
  'const __filename = import.meta.filename;',
  'const __dirname = import.meta.dirname;',
].join('\n');
const LOOKS_FOR_THEM = /\b(?:require|__filename|__dirname)\b/;

await build({
  absWorkingDir: root,
  entryPoints: ['bin/pannier.ts', ...globSync('commands/**/*.ts', { cwd: root })],
  outbase: '.',
  outdir: out,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  // oclif wants a compiler only for TypeScript.
  external: [...EXTERNAL, 'typescript', 'ts-node'],
  plugins: [lean],
  legalComments: 'linked',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
});

for (const path of globSync('**/*.js', { cwd: out })) {
  const file = join(out, path);
  const [, start = '', text = ''] = /^(#!.*\n)?(.*)$/s.exec(await readFile(file, 'utf8')) ?? [];
  if (LOOKS_FOR_THEM.test(text)) await writeFile(file, `${start}${COMMONJS}\n${text}`);
}

const pjson = packageJson() as unknown as Interfaces.PJSON;
const commands = {
  strategy: 'pattern' as const,
  target: './commands',
  globPatterns: ['**/*.js'],
};
const plugin = new Plugin({
  root: out,
  isRoot: true,
  pjson: { ...pjson, oclif: { ...pjson.oclif, commands } },
  ignoreManifest: true,
  errorOnManifestCreate: true,
  name: pjson.name,
});
await plugin.load();
await writeFile(join(out, 'oclif.manifest.json'), JSON.stringify(plugin.manifest));

await chmod(join(out, 'bin', 'pannier.js'), 0o755);
const old = `${out}-old`;
await rename(final, old).catch((error: NodeJS.ErrnoException) => {
  if (error.code !== 'ENOENT') throw error;
});
await rename(out, final);
await rm(old, { recursive: true, force: true });

// So that `npx pannier` inside the repository runs this, as it does where the package is installed.
const link = join(root, 'node_modules', '.bin', 'pannier');
await mkdir(join(link, '..'), { recursive: true });
await rm(link, { force: true });
await symlink('../../dist/pannier/bin/pannier.js', link);
