import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProcesses, parentOf, startTimeOf, terminate } from '../../src/dev/processes.js';

/** Everything that tests start lives below this folder; the path is short, since sockets are in it. */
const ROOT = '/var/tmp/pannier-lab';
const LIMIT_MS = 20_000;

let made = 0;

/** A new folder of this process. Its name tells whether the process still lives. */
export function newFolder(): string {
  const folder = join(ROOT, `${process.pid}-${startTimeOf(process.pid)}`, `${++made}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Takes down whatever is left in a folder: mounts, loop devices, processes, files. */
export async function clean(folder: string): Promise<void> {
  unmountBelow(folder);
  detachBelow(folder);
  const inside = findProcesses((args) => args.some((arg) => arg.includes(`${folder}/`))).filter(
    ({ pid }) => pid !== process.pid,
  );
  await Promise.all(inside.map(({ pid }) => terminate(pid, LIMIT_MS)));
  unmountBelow(folder);
  rmSync(folder, { recursive: true, force: true });
  const parent = dirname(folder);
  if (existsSync(parent) && readdirSync(parent).length === 0) rmdirSync(parent);
}

/** Cleans the folders of test processes that ended without doing so. */
export async function cleanLeftovers(): Promise<void> {
  if (!existsSync(ROOT)) return;
  for (const entry of readdirSync(ROOT)) {
    const [pid, began] = entry.split('-');
    if (startTimeOf(Number(pid)) !== began) await clean(join(ROOT, entry));
  }
}

/** Ends test files, below the folder of compiled tests, whose runner was killed: they belong to nobody. */
export async function endOrphans(compiled: string): Promise<void> {
  const orphans = findProcesses((args) =>
    args.some((arg) => arg.startsWith(`${compiled}/`) && arg.endsWith('.test.js')),
  ).filter(({ pid }) => parentOf(pid) === 1);
  await Promise.all(orphans.map(({ pid }) => terminate(pid, LIMIT_MS)));
}

/** Mount points below a folder, the innermost first. */
export function mountsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => unescapeOctal(line.split(' ')[4] ?? ''))
    .filter((path) => path.startsWith(`${folder}/`))
    .reverse();
}

/** Loop devices whose file is below a folder. */
export function loopsBelow(folder: string): string[] {
  const { stdout } = spawnSync('losetup', ['--list', '--json', '--output', 'NAME,BACK-FILE'], {
    encoding: 'utf8',
    timeout: LIMIT_MS,
  });
  const list = stdout.trim() === '' ? [] : (JSON.parse(stdout) as LoopList).loopdevices;
  return list.filter((loop) => loop['back-file']?.startsWith(`${folder}/`)).map(({ name }) => name);
}

interface LoopList {
  readonly loopdevices: ReadonlyArray<{
    readonly name: string;
    /** null where the file cannot be named any more. */
    readonly 'back-file': string | null;
  }>;
}

function unmountBelow(folder: string): void {
  for (const path of mountsBelow(folder))
    spawnSync('umount', ['--lazy', path], { timeout: LIMIT_MS });
}

function detachBelow(folder: string): void {
  for (const device of loopsBelow(folder))
    spawnSync('losetup', ['--detach', device], { timeout: LIMIT_MS });
}

function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
