import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { styleText } from 'node:util';
import { withoutCeph } from '../src/dev/run.js';

const LIMIT_MS = 120_000;

/** Says what comes next. */
export function heading(text: string): void {
  say(`\n${styleText('bold', `# ${text}`, { stream: process.stdout })}`);
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Shows a command as it would be typed, runs it before the reader's eyes, and returns what it printed. */
export async function show(
  signal: AbortSignal,
  command: string,
  ...args: string[]
): Promise<string> {
  say(`$ ${[command, ...args].map(quote).join(' ')}`);
  return run(signal, true, command, args);
}

/** Runs a command in silence, for a check, and returns what it printed. */
export async function ask(
  signal: AbortSignal,
  command: string,
  ...args: string[]
): Promise<string> {
  return run(signal, false, command, args);
}

async function run(
  signal: AbortSignal,
  visible: boolean,
  command: string,
  args: readonly string[],
): Promise<string> {
  signal.throwIfAborted();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', visible ? 'inherit' : 'pipe'],
    timeout: LIMIT_MS,
    env: withoutCeph(process.env),
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => {
    output.push(chunk);
    if (visible) process.stdout.write(chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
  const abort = () => child.kill('SIGTERM');
  signal.addEventListener('abort', abort, { once: true });
  const [code, by] = await once(child, 'close');
  signal.removeEventListener('abort', abort);
  signal.throwIfAborted();
  if (code !== 0)
    throw new Error(
      `${[command, ...args].map(quote).join(' ')} ended with ${by ?? `exit code ${code}`} ${Buffer.concat(errors)}`.trim(),
    );
  return Buffer.concat(output).toString();
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
