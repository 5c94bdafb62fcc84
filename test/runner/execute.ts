import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { terminate } from '../../src/dev/processes.js';
import { type Outcome, readTap } from './outcome.js';

/** How long one test file may take, in seconds. */
const LIMIT_S = 900;
/** The same for a check or a build: Nomad and Consul take 20 minutes of processor time on a fresh machine. */
const CHECK_LIMIT_S = 2400;
const GRACE_MS = 10_000;
const UNHOOKED = new URL('unhooked.js', import.meta.url);

export interface Execution extends Outcome {
  readonly seconds: number;
  /** All that it printed. */
  readonly log: string;
}

/**
 * Runs a compiled test file. A file that crashes before its first assertion fails by its exit code. Each has a mount
 * namespace of its own: mounts of another one that go in the moment when Mesos launches a container would fail that.
 */
export function runTest(
  path: string,
  log: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Execution> {
  const node = [process.execPath, '--enable-source-maps', `--import=${UNHOOKED}`, path];
  return execute(
    'unshare',
    ['--mount', ...node],
    log,
    { ...env, TAP_TIMEOUT: `${LIMIT_S}` },
    signal,
    true,
  );
}

/** Runs a program that passes or fails as one. */
export function runCheck(
  command: string,
  args: readonly string[],
  log: string,
  signal: AbortSignal,
): Promise<Execution> {
  return execute(command, args, log, process.env, signal, false);
}

async function execute(
  command: string,
  args: readonly string[],
  log: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  tap: boolean,
): Promise<Execution> {
  mkdirSync(dirname(log), { recursive: true });
  const file = createWriteStream(log);
  const began = performance.now();
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = new PassThrough();
  child.stdout.pipe(output);
  child.stdout.pipe(file, { end: false });
  child.stderr.pipe(file, { end: false });
  const reading = tap ? readTap(output) : finished(output.resume()).then(nothing);
  let ended: string | undefined;
  const end = (why: string) => {
    ended = why;
    if (child.pid !== undefined) void terminate(child.pid, GRACE_MS);
  };
  const limitS = tap ? LIMIT_S : CHECK_LIMIT_S;
  const timer = setTimeout(() => end(`did not end within ${limitS} s`), limitS * 1000);
  const abort = () => end('interrupted');
  signal.addEventListener('abort', abort, { once: true });
  const exit = await new Promise<string | number>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, by) => resolve(code ?? by ?? 'unknown'));
  });
  clearTimeout(timer);
  signal.removeEventListener('abort', abort);
  output.end();
  const outcome = await reading;
  file.end();
  await finished(file);
  const problem = ended ?? (exit === 0 ? undefined : `ended with ${exit}`);
  if (problem !== undefined && outcome.failed === 0) fail(outcome, problem);
  if (!tap && outcome.failed === 0) outcome.passed = 1;
  if (outcome.passed + outcome.failed === 0) fail(outcome, 'asserted nothing');
  return { ...outcome, seconds: (performance.now() - began) / 1000, log };
}

function nothing(): Outcome {
  return { passed: 0, failed: 0, failures: [] };
}

function fail(outcome: Outcome, why: string): void {
  outcome.failed += 1;
  outcome.failures.push(why);
}
