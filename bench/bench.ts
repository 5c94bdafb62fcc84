/**
 * `npm run bench [-- [-quick] [case ...]]`: measures the plugin and the command line against the least that
 * could do the same job, on a Ceph of its own. See docs/reference/performance.md.
 */
import { parseArgs } from 'node:util';

// As bin/pannier does: librados calls wait on libuv's threads, and it is read once, at the first use.
process.env.UV_THREADPOOL_SIZE ??= '32';

// Go's way of flags, as the rest of Pannier has them.
const words = process.argv.slice(2).map((word) => word.replace(/^-(?=[a-z]{2})/, '--'));
const { values, positionals } = parseArgs({
  args: words,
  options: {
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

const { CASES } = await import('./cases/index.js');
const unknown = positionals.filter((word) => !CASES.some(({ name }) => name === word));
if (values.help || unknown.length > 0) {
  for (const word of unknown) process.stderr.write(`There is no case "${word}".\n`);
  process.stderr.write(
    `Usage: npm run bench -- [-quick] [case ...]\n\nCases: ${CASES.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(values.help ? 0 : 2);
}

const { bench } = await import('./run.js');
const wanted = CASES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
process.exit(await bench(wanted, { quick: values.quick }));
