import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loopsBelow, loopsMountedBelow, mountsBelow } from '../../src/dev/attachments.js';
import { findProcesses, parentOf, startTimeOf, terminate } from '../../src/dev/processes.js';

/** Everything that tests start lives below this folder; the path is short, since sockets are in it. */
const ROOT = '/var/tmp/pannier-lab';
const CGROUPS = '/sys/fs/cgroup';
/** Where a lab mounts a hierarchy of control groups that the machine may not have, below its folder. */
export const FREEZER = 'cgroup/freezer';
const LIMIT_MS = 20_000;
/** A supervisor may start another process while it is told to end. */
const ROUNDS = 3;

let made = 0;

/** A new folder of this process. Its name tells whether the process still lives. */
export function newFolder(): string {
  const parent = join(ROOT, `${process.pid}-${startTimeOf(process.pid)}`);
  if (mkdirSync(parent, { recursive: true }) !== undefined) shareMounts(parent);
  const folder = join(parent, `${++made}`);
  mkdirSync(folder);
  return folder;
}

/**
 * Makes mounts below a folder seen by containers that have the folder, and theirs here, as under systemd. A container
 * of another test that was started meanwhile has a copy of each mount; it lets go of those that are shared.
 */
function shareMounts(folder: string): void {
  for (const args of [
    ['--bind', folder, folder],
    ['--make-shared', folder],
  ]) {
    const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
  }
}

/** Undoes shareMounts, where it was done. */
function unshare(folder: string): void {
  spawnSync('umount', ['--lazy', folder], { timeout: LIMIT_MS });
}

/** Takes down whatever is left in a folder: mounts, loop devices, processes, files. */
export async function clean(folder: string): Promise<void> {
  // A loop device that is mounted goes with its mount; behind an unmounted rbd-fuse it would not be found.
  detach(loopsOf(folder));
  unmountBelow(folder, false);
  thaw(folder);
  for (let round = 0; round < ROUNDS; round++)
    await Promise.all(processesOf(folder).map((pid) => terminate(pid, LIMIT_MS)));
  await removeCgroups(folder);
  unmountBelow(folder);
  unshare(folder);
  rmSync(folder, { recursive: true, force: true });
  const parent = dirname(folder);
  if (parent === ROOT || !existsSync(parent) || readdirSync(parent).length > 0) return;
  unshare(parent);
  rmdirSync(parent);
}

/** What a machine that loses its power leaves of a folder: files, and no process, mount or loop device. */
export async function cutPower(folder: string): Promise<void> {
  const loops = loopsOf(folder);
  thaw(folder);
  for (let round = 0; round < ROUNDS; round++)
    await Promise.all(processesOf(folder).map((pid) => terminate(pid, 0, 'SIGKILL')));
  unmountBelow(folder);
  detach(loops);
  await removeCgroups(folder);
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

/**
 * The processes that have something in a folder among their arguments or are in control groups of its supervisors, and
 * all that they started.
 */
function processesOf(folder: string): number[] {
  const inside = findProcesses((args) => args.some((arg) => arg.includes(`${folder}/`)));
  const found = new Set([...inside.map(({ pid }) => pid), ...cgroupsOf(folder).flatMap(inCgroup)]);
  found.delete(process.pid);
  const all = findProcesses(() => true).map(({ pid }) => ({ pid, parent: parentOf(pid) ?? 0 }));
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

function inCgroup(path: string): number[] {
  const text = ifThere(() => readFileSync(join(path, 'cgroup.procs'), 'utf8'));
  return (text ?? '').split('\n').filter(Boolean).map(Number);
}

/** What is read; undefined where it is gone: tests at work remove what is theirs. */
function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Nothing in a frozen control group can end. */
function thaw(folder: string): void {
  for (const path of cgroupsOf(folder)) {
    const state = join(path, 'freezer.state');
    if (existsSync(state)) writeFileSync(state, 'THAWED');
  }
}

/**
 * Removes the cgroups of supervisors in a folder, in every hierarchy. Nothing in them runs by now; the last process of
 * a namespace takes down its mounts before it is gone.
 */
async function removeCgroups(folder: string): Promise<void> {
  const limit = Date.now() + LIMIT_MS;
  // A hierarchy that is mounted twice shows each of them twice.
  for (const path of cgroupsOf(folder))
    while (existsSync(path))
      try {
        rmdirSync(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || Date.now() > limit) throw error;
        await sleep(50);
      }
}

/** The cgroups of supervisors in a folder, in every hierarchy, the innermost first. */
function cgroupsOf(folder: string): string[] {
  const [own = ''] = relative(ROOT, folder).split('/');
  const mounted = mountsBelow(join(ROOT, own)).filter((path) => path.endsWith(`/${FREEZER}`));
  const roots = [CGROUPS, ...foldersIn(CGROUPS), ...mounted].flatMap(foldersIn);
  return roots
    .filter((path) => `${basename(path)}-`.startsWith(`${cgroupOf(folder)}-`))
    .flatMap(withInner);
}

function withInner(path: string): string[] {
  return [...foldersIn(path).flatMap(withInner), path];
}

function foldersIn(path: string): string[] {
  return (ifThere(() => readdirSync(path, { withFileTypes: true })) ?? [])
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(path, name));
}

function unmountBelow(folder: string, withHierarchies = true): void {
  for (const path of mountsBelow(folder))
    if (withHierarchies || !path.endsWith(`/${FREEZER}`))
      spawnSync('umount', ['--lazy', path], { timeout: LIMIT_MS });
}

/** Loop devices on files in a folder or mounted there: one whose rbd-fuse died in a container has lost its path. */
function loopsOf(folder: string): Set<string> {
  return new Set([...loopsBelow(folder), ...loopsMountedBelow(folder)]);
}

function detach(loops: Iterable<string>): void {
  for (const device of loops) spawnSync('losetup', ['--detach', device], { timeout: LIMIT_MS });
}
