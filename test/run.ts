import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CephCluster } from '../src/dev/ceph/cluster.js';
import { tryLock } from '../src/dev/lock.js';
import { clean, cleanLeftovers, endOrphans, newFolder } from './lab/leftovers.js';
import { runCheck, runTest } from './runner/execute.js';
import { findTests, type TestFile } from './runner/files.js';
import { Idle } from './runner/idle.js';
import { Report } from './runner/report.js';

// Usage: npm test [-- FILTER…]: all tests, or those whose file name holds one of the words.

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const TOOLS = join(ROOT, 'test', 'tools');
const LOGS = join(ROOT, 'dist', 'test-logs');
/** Test files that run at once: one more than there are cores, and others while the processors have time to spare. */
const JOBS = availableParallelism() + 1;
const MORE_JOBS = availableParallelism();
/** The variable that test/lab/ceph.ts reads. */
const SHARED = 'PANNIER_TEST_CEPH';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => interrupt.abort(new Error(`interrupted by ${signal}`)));

const report = new Report();
const folder = newFolder();
try {
  await main(process.argv.slice(2));
} catch (error) {
  report.problem(error instanceof Error ? error.message : String(error));
} finally {
  await clean(folder);
  await cleanLeftovers();
}
report.end();
process.exitCode = interrupt.signal.aborted ? 130 : report.failed === 0 ? 0 : 1;

async function main(filters: readonly string[]): Promise<void> {
  const lock = await tryLock(`tests of ${ROOT}`);
  if (lock === undefined) throw new Error('these tests are running already');
  await endOrphans(join(ROOT, 'dist', 'test'));
  await cleanLeftovers();
  rmSync(LOGS, { recursive: true, force: true });
  const files = findTests(ROOT, filters);
  if (files.length === 0)
    throw new Error(`no test file has "${filters.join('" or "')}" in its name`);
  const unit = files.filter(({ lane }) => lane === 'unit');
  const ceph = files.filter(({ lane }) => lane === 'ceph');
  if (filters.length === 0) await runChecks();
  const building = buildTools();
  building.catch(() => undefined);
  const inOrder = [...unit.filter(({ tools }) => !tools), ...unit.filter(({ tools }) => tools)];
  if (unit.length > 0 || filters.length === 0) await runLane('Unit tests', inOrder, {}, building);
  await building;
  if (ceph.length > 0 || filters.length === 0) await runCephLane(ceph);
}

async function runChecks(): Promise<void> {
  report.lane('Checks');
  const checks: [string, string, string[]][] = [
    ['format and lint', 'biome', ['check', '.']],
    ['imports', 'depcruise', ['--config', '.dependency-cruiser.cjs', 'bin', 'commands', 'src']],
  ];
  for (const [name, command, args] of checks)
    report.add(name, await runCheck(command, args, logOf(command), interrupt.signal));
}

/** The programs that are not ours; those that are there already take no time, and the others minutes. */
async function buildTools(): Promise<void> {
  report.note('Building programs for the tests meanwhile');
  const build = async (name: string, script: string, log: string) =>
    report.add(name, await runCheck('sh', [script], logOf(log), interrupt.signal));
  await build('Mesos', join(TOOLS, 'mesos', 'build.sh'), 'mesos-build');
  await build('programs from Go modules', join(TOOLS, 'build.sh'), 'go-tools');
}

async function runCephLane(files: readonly TestFile[]): Promise<void> {
  report.lane('A Ceph for the tests');
  const cluster = new CephCluster({ folder: join(folder, 'ceph') });
  await cluster.start((step) => report.note(step), interrupt.signal);
  const shared = join(folder, 'shared');
  writeFileSync(shared, cluster.folder);
  await runLane('Tests on Ceph', files, { [SHARED]: shared });
}

/**
 * Runs test files, several at once; those that need `tools` wait for them. A lane without an assertion has tested
 * nothing, and fails.
 */
async function runLane(
  title: string,
  files: readonly TestFile[],
  env: NodeJS.ProcessEnv,
  tools?: Promise<void>,
): Promise<void> {
  report.lane(title);
  const before = report.passed + report.failed;
  const queue = [...files];
  const idle = new Idle();
  const isLeft = () => queue.length > 0 && !interrupt.signal.aborted;
  const work = async (worker: number) => {
    while (worker < JOBS || (await idle.spare(isLeft))) {
      const file = queue.shift();
      if (file === undefined) return;
      if (file.tools) await tools;
      interrupt.signal.throwIfAborted();
      const log = logOf(file.name);
      const environment = { ...process.env, ...env };
      report.add(file.name, await runTest(file.path, log, environment, interrupt.signal));
    }
  };
  const workers = Array.from({ length: JOBS + MORE_JOBS }, (_, worker) => work(worker));
  const jobs = await Promise.allSettled(workers);
  interrupt.signal.throwIfAborted();
  for (const job of jobs) if (job.status === 'rejected') throw job.reason;
  if (report.passed + report.failed === before) report.problem(`${title}: nothing was tested`);
}

function logOf(name: string): string {
  return join(LOGS, `${name.replaceAll('/', '-')}.log`);
}
