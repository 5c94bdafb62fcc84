import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { packageRoot } from '../../src/cli/package.js';

export const BINARY = join(packageRoot(), 'dist', 'pannier', 'bin', 'pannier.js');

/** A folder of the test's own, not under the repository: the path of a socket has at most 107 bytes. */
export async function socketFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pannier-cli-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

/** Runs the real command line in a process of its own, as from a script: no terminal. */
export function pannier(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:PANNIER_ENDPOINT$|NOMAD_)/.test(name)),
  );
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [BINARY, ...args],
      { env: { ...inherited, ...options.env }, cwd: options.cwd, timeout: 60_000 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end(options.input ?? '');
  });
}
