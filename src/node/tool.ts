import { spawn } from 'node:child_process';
import { fail } from '../volume/errors.js';

/** The Debian package that brings a program. */
const PACKAGES: Readonly<Record<string, string>> = {
  'rbd-fuse': 'rbd-fuse',
  losetup: 'mount',
  mount: 'mount',
  umount: 'mount',
  blkid: 'util-linux',
  cmp: 'diffutils',
  stat: 'coreutils',
  dd: 'coreutils',
  dumpe2fs: 'e2fsprogs',
  e2fsck: 'e2fsprogs',
  resize2fs: 'e2fsprogs',
  'mkfs.ext4': 'e2fsprogs',
  'mkfs.xfs': 'xfsprogs',
  xfs_growfs: 'xfsprogs',
  xfs_spaceman: 'xfsprogs',
  'mkfs.btrfs': 'btrfs-progs',
  btrfs: 'btrfs-progs',
};

/** Long enough for a program that only reads or sets something. */
const DEFAULT_LIMIT_MS = 60_000;
/** The code of the error that says that a program is over its limit. */
const HUNG = 'HUNG';
const OUTPUT_MAX = 64 * 1024;

export interface ToolOptions {
  /** The volume that an error names. */
  readonly volume: string;
  readonly limitMs?: number;
  /** Over its limit it is left to end by itself, and not killed. */
  readonly leave?: boolean;
  /** Exit codes besides 0 that the caller reads itself. */
  readonly accept?: readonly number[] | 'all';
  /** What the program reads from its standard input; nothing without it. */
  readonly input?: Buffer;
  /** How its output is read: "latin1" keeps every byte. */
  readonly encoding?: 'utf8' | 'latin1';
}

export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program without a shell. Fails with tool-missing, with tool-failed and the end of what it wrote to
 * stderr, or with tool-hung: a program that is over its limit is killed, but for one to `leave`, and no longer
 * waited for, since one that hangs in the kernel does not die.
 */
export async function runTool(
  tool: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<ToolResult> {
  const { volume, limitMs = DEFAULT_LIMIT_MS, accept = [] } = options;
  const result = await run(tool, args, limitMs, options).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      fail('tool-missing', { tool, install: `apt-get install ${PACKAGES[tool] ?? tool}` });
    if (error.code === HUNG) fail('tool-hung', { tool, volume, limit: `${limitMs / 1000}` });
    return fail('tool-failed', { tool, volume, problem: error.message }, { cause: error });
  });
  if (result.code !== 0 && accept !== 'all' && !accept.includes(result.code))
    fail('tool-failed', { tool, volume, problem: problemOf(result) });
  return result;
}

/** What a program said went wrong, on one line. */
export function problemOf({ code, stdout, stderr }: ToolResult): string {
  const said = (stderr.trim() === '' ? stdout : stderr)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-3)
    .join('; ');
  return said === '' ? `exit code ${code}` : said;
}

function run(
  tool: string,
  args: readonly string[],
  limitMs: number,
  { input, encoding = 'utf8', leave = false }: ToolOptions,
): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, {
      cwd: '/',
      env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // A program that ends early does not read it all; its exit code tells.
    child.stdin.on('error', () => {}).end(input);
    const timer = setTimeout(() => {
      if (!leave) child.kill('SIGKILL');
      child.unref();
      child.stdout.destroy();
      child.stderr.destroy();
      reject(Object.assign(new Error('over its limit'), { code: HUNG }));
    }, limitMs);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding(encoding).on('data', (text: string) => {
      stdout = (stdout + text).slice(-OUTPUT_MAX);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-OUTPUT_MAX);
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === null) reject(new Error(`ended by ${signal}`));
      else resolve({ code, stdout, stderr });
    });
  });
}
