import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { loopsBelow, mountsBelow } from '../../src/dev/attachments.js';
import { findProcesses, parentOf, startTimeOf, terminate } from '../../src/dev/processes.js';

/** Everything that tests start lives below this folder; the path is short, since sockets are in it. */
const ROOT = '/var/tmp/pannier-lab';
const CGROUPS = '/sys/fs/cgroup';
const LIMIT_MS = 20_000;
/** A supervisor may start another process while it is told to end. */
const ROUNDS = 3;

let made = 0;

/** A new folder of this process. Its name tells whether the process still lives. */
export function newFolder(): string {
  const folder = join(ROOT, `${process.pid}-${startTimeOf(process.pid)}`, `${++made}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Takes down whatever is left in a folder: mounts, loop devices, processes, files. */
export async function clean(folder: string): Promise<void> {
  // A loop device that is mounted goes with its mount; behind an unmounted rbd-fuse it would not be found.
  detachBelow(folder);
  unmountBelow(folder);
  for (let round = 0; round < ROUNDS; round++)
    await Promise.all(processesOf(folder).map((pid) => terminate(pid, LIMIT_MS)));
  unmountBelow(folder);
  removeCgroups(folder);
  rmSync(folder, { recursive: true, force: true });
  const parent = dirname(folder);
  if (existsSync(parent) && readdirSync(parent).length === 0) rmdirSync(parent);
}

/** What a machine that loses its power leaves of a folder: files, and no process, mount or loop device. */
export async function cutPower(folder: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++)
    await Promise.all(processesOf(folder).map((pid) => terminate(pid, 0, 'SIGKILL')));
  unmountBelow(folder);
  detachBelow(folder);
}

/** What a supervisor in a folder must call its parent cgroup: those that are left of it are then known. */
export function cgroupOf(folder: string): string {
  return `pannier-lab-${relative(ROOT, folder).replaceAll('/', '-')}`;
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

/** The processes that have something in a folder among their arguments, and all that they started. */
function processesOf(folder: string): number[] {
  const inside = findProcesses((args) => args.some((arg) => arg.includes(`${folder}/`)));
  const found = new Set(inside.map(({ pid }) => pid).filter((pid) => pid !== process.pid));
  const all = findProcesses(() => true).map(({ pid }) => ({ pid, parent: parentOf(pid) ?? 0 }));
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** Removes the cgroups of supervisors in a folder, in every hierarchy. They are empty by now. */
function removeCgroups(folder: string): void {
  for (const hierarchy of [CGROUPS, ...foldersIn(CGROUPS)])
    for (const path of foldersIn(hierarchy))
      if (`${basename(path)}-`.startsWith(`${cgroupOf(folder)}-`)) removeTree(path);
}

function removeTree(path: string): void {
  for (const inner of foldersIn(path)) removeTree(inner);
  rmdirSync(path);
}

function foldersIn(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(path, name));
}

function unmountBelow(folder: string): void {
  for (const path of mountsBelow(folder))
    spawnSync('umount', ['--lazy', path], { timeout: LIMIT_MS });
}

function detachBelow(folder: string): void {
  for (const device of loopsBelow(folder))
    spawnSync('losetup', ['--detach', device], { timeout: LIMIT_MS });
}
