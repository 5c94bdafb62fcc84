#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

const OLDEST_NODE = [22, 3] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(
    `Error: Pannier needs Node.js ${OLDEST_NODE.join('.')} or later, and this is ${process.versions.node}\n\nIn a clone, \`npx pannier\` runs it with the Node.js that the project brings.\n`,
  );
  process.exit(1);
}

// librados calls wait on libuv's threads: with its four, as many calls to a dead monitor would stop every
// other file and Ceph operation. It is read once, at the first use.
process.env.UV_THREADPOOL_SIZE ??= '32';

// Node's default folder is shared by all users of the machine; code that root runs is kept in root's own.
const { XDG_CACHE_HOME, HOME } = process.env;
const cache = XDG_CACHE_HOME ?? (HOME === undefined ? undefined : join(HOME, '.cache'));
if (cache !== undefined) enableCompileCache(join(cache, 'pannier'));

// Before anything else runs, so that the compilers that are not used are never paged in.
if (process.argv[2] === 'plugin' && process.argv[3] === 'run') {
  const { saveMemory } = await import('../src/plugin/thrift.js');
  saveMemory();
}

const { main } = await import('../src/cli/main.js');
await main(process.argv.slice(2), join(import.meta.dirname, '..'));
