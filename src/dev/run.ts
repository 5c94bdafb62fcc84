import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { DevError } from './errors.js';

export interface RunOptions {
  /** Milliseconds until the command is killed and counts as failed. */
  readonly limitMs?: number;
  /** Text for its standard input. */
  readonly input?: string;
  /** Variables besides this process's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the command when aborted. */
  readonly signal?: AbortSignal | undefined;
  /**
   * A file that takes its output instead. A program that leaves a daemon behind needs it: the daemon
   * would hold a pipe open for as long as it lives.
   */
  readonly outputFile?: string;
}

/** What Ceph's programs read besides their arguments. A caller has it for a cluster of its own. */
const CEPH_VARIABLES = ['CEPH_ARGS', 'CEPH_KEYRING'];

const DEFAULT_LIMIT_MS = 60_000;
const TAIL_LINES = 6;

/**
 * Runs a program without a shell, and without what the environment says of another Ceph. Returns what it printed
 * on standard output.
 *
 * @throws DevError where it is missing, fails or exceeds its limit, with the end of what it said.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  options.signal?.throwIfAborted();
  const { limitMs = DEFAULT_LIMIT_MS, input, outputFile, env } = options;
  const file = outputFile === undefined ? undefined : openSync(outputFile, 'a');
  const child = spawn(command, args, {
    stdio: [input === undefined ? 'ignore' : 'pipe', file ?? 'pipe', file ?? 'pipe'],
    env: { ...withoutCeph(process.env), ...env },
  });
  if (file !== undefined) closeSync(file);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);

  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, limitMs);
  const abort = () => child.kill('SIGKILL');
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    const code = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
      child.once('error', reject);
      child.once(file === undefined ? 'close' : 'exit', (exit, by) =>
        resolve(exit ?? by ?? 'SIGKILL'),
      );
    });
    options.signal?.throwIfAborted();
    if (code === 0) return Buffer.concat(stdout).toString();
    const said = tail(Buffer.concat([...stderr, ...stdout]).toString());
    const how = late
      ? `did not end within ${limitMs / 1000} s`
      : `failed (${typeof code === 'number' ? `exit code ${code}` : code})`;
    throw new DevError(
      `${command} ${how}${said === '' ? '' : `: ${said}`}`,
      outputFile === undefined
        ? `Run it by hand to see more: ${[command, ...args].join(' ')}`
        : `See ${outputFile}.`,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new DevError(`${command} is not installed`, 'Install it and see that it is in PATH.', {
        cause: error,
      });
    throw error;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
  }
}

/** An environment that says nothing of any Ceph. */
export function withoutCeph(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !CEPH_VARIABLES.includes(name)));
}

/** The last lines of a text that say something. */
export function tail(text: string, lines = TAIL_LINES): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-lines)
    .join('\n');
}
