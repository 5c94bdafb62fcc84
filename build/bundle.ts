/**
 * Bundles the commands into dist/pannier, each an entry of its own over shared chunks, with oclif's manifest
 * beside them. A command then reads a few files instead of a few hundred: half of its start-up otherwise.
 */
import { globSync } from 'node:fs';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Plugin } from '@oclif/core';
import { build } from 'esbuild';
import { oclifPackage } from '../src/cli/commands.js';
import { packageRoot } from '../src/cli/package.js';

const root = packageRoot();
const out = join(root, 'dist', 'pannier');

// What was CommonJS looks for these.
const COMMONJS = [
  "import { createRequire as $createRequire } from 'node:module';",
  "import { fileURLToPath as $fileURLToPath } from 'node:url';",
  "import { dirname as $dirname } from 'node:path';",
  'const require = $createRequire(import.meta.url);',
  'const __filename = $fileURLToPath(import.meta.url);',
  'const __dirname = $dirname(__filename);',
].join('\n');

await rm(out, { recursive: true, force: true });
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
  // koffi loads a native library and hcl2-parser a WASM-sized one; oclif wants a compiler only for TypeScript.
  external: ['koffi', 'hcl2-parser', 'typescript', 'ts-node'],
  banner: { js: COMMONJS },
  legalComments: 'linked',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
});

const plugin = new Plugin({
  root: out,
  isRoot: true,
  pjson: oclifPackage(),
  ignoreManifest: true,
  errorOnManifestCreate: true,
  name: 'pannier',
});
await plugin.load();
await writeFile(join(out, 'oclif.manifest.json'), JSON.stringify(plugin.manifest));

// So that `npx pannier` inside the repository runs this, as it does where the package is installed.
const bin = join(out, 'bin', 'pannier.js');
const link = join(root, 'node_modules', '.bin', 'pannier');
await chmod(bin, 0o755);
await mkdir(join(link, '..'), { recursive: true });
await rm(link, { force: true });
await symlink(bin, link);
