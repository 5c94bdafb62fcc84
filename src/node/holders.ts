import { readdir, readFile, readlink } from 'node:fs/promises';
import { type Mount, mountAt, parseMountinfo, readMounts } from './mountinfo.js';

/** How many are named: enough to see what kind of thing it is. */
const NAMED = 5;
/** How long they are looked for, in milliseconds: a machine may have many processes with many files. */
const LIMIT_MS = 2_000;
/** Of one process so many open files are looked at. */
const FILES_MAX = 10_000;

/** The paths that a process holds. */
type Look = (pid: string) => Promise<readonly string[]>;

/**
 * Who keeps a path from being unmounted, in words that follow "in use by": what is mounted below it, or processes
 * by pid and command name. Never a command's arguments, which may hold secrets.
 */
export async function holdersOf(path: string): Promise<string> {
  const below = readMounts().filter((mount) => mount.path.startsWith(`${path}/`));
  if (below.length > 0) return `what is mounted at ${listed(below.map((mount) => mount.path))}`;
  const end = Date.now() + LIMIT_MS;
  // What is mapped comes last: the kernel may make a reader of that wait for a process that hangs.
  for (const look of [openFiles, mappedFiles]) {
    const found = await search(path, look, end);
    if (found.length > 0) return `processes at ${path}: ${listed(found)}`;
  }
  return `processes at ${path}`;
}

/**
 * Processes that use what is mounted at any of the mounts that `isOurs` picks, by pid and command name: "4711
 * (postgres)". Containers see it at other paths, so each process's own mounts are looked at.
 */
export async function processesUsing(isOurs: (mount: Mount) => boolean): Promise<string[]> {
  const end = Date.now() + LIMIT_MS;
  const pathsIn = (mounts: readonly Mount[]) => mounts.filter(isOurs).map(({ path }) => path);
  const here = pathsIn(readMounts());
  const ownNamespace = await readlink('/proc/self/ns/mnt');
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (Date.now() > end) break;
    if (!/^\d+$/.test(pid)) continue;
    const theirs = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
    const namespace = await readlink(`/proc/${pid}/ns/mnt`).catch(() => '');
    // The links of a process in this namespace are told as seen from here, whatever its root is.
    const paths = namespace === ownNamespace ? here : pathsIn(parseMountinfo(theirs));
    if (paths.length === 0) continue;
    const files = await openFiles(pid).catch(() => []);
    const uses = files.some((file) =>
      paths.some((path) => file === path || file.startsWith(`${path}/`)),
    );
    if (uses) found.push(`${pid} (${await commandOf(pid)})`);
  }
  return found;
}

/**
 * Processes for which any of the mounts that `isOurs` picks stays when it is unmounted here, one of each container, by
 * pid and command name. Fails where that takes too long: nobody is not the answer then.
 */
export async function processesKeeping(isOurs: (mount: Mount) => boolean): Promise<string[]> {
  const end = Date.now() + LIMIT_MS;
  const groups = parentsOf(readMounts(), isOurs).flatMap((parent) => parent?.peers ?? []);
  const seen = new Set([await readlink('/proc/self/ns/mnt')]);
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (Date.now() > end) throw new Error('looking for processes that use it takes too long');
    if (!/^\d+$/.test(pid)) continue;
    const namespace = await readlink(`/proc/${pid}/ns/mnt`).catch(() => undefined);
    if (namespace === undefined || seen.has(namespace)) continue;
    seen.add(namespace);
    const theirs = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
    const stays = parentsOf(parseMountinfo(theirs), isOurs).some(
      (parent) => ![parent?.peers, parent?.follows].some((one) => groups.includes(one ?? '')),
    );
    if (stays) found.push(`${pid} (${await commandOf(pid)})`);
  }
  return found;
}

/** What is unmounted goes from what its parent's peers have, and those that follow them, too (mount_namespaces(7)). */
function parentsOf(
  mounts: readonly Mount[],
  isOurs: (mount: Mount) => boolean,
): Array<Mount | undefined> {
  return mounts.filter(isOurs).map(({ parentId }) => mounts.find(({ id }) => id === parentId));
}

async function search(path: string, look: Look, end: number): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (found.length > NAMED || Date.now() > end) break;
    if (!/^\d+$/.test(pid)) continue;
    const files = await look(pid).catch(() => []);
    const isThere = files.some((file) => file === path || file.startsWith(`${path}/`));
    if (isThere && (await seesTheSame(pid, path))) found.push(`${pid} (${await commandOf(pid)})`);
  }
  return found;
}

/** What a process runs, is in and has open. */
async function openFiles(pid: string): Promise<readonly string[]> {
  const open = await readdir(`/proc/${pid}/fd`);
  const links = ['cwd', 'root', 'exe', ...open.slice(0, FILES_MAX).map((name) => `fd/${name}`)];
  return Promise.all(links.map((link) => readlink(`/proc/${pid}/${link}`).catch(() => '')));
}

/** Files that a process has mapped, such as libraries, which it need not have open any more. */
async function mappedFiles(pid: string): Promise<readonly string[]> {
  const lines = (await readFile(`/proc/${pid}/maps`, 'utf8')).split('\n');
  return lines.filter((line) => line.includes('/')).map((line) => line.slice(line.indexOf('/')));
}

/** True where a path means to a process, which may be in a container, what it means here. */
async function seesTheSame(pid: string, path: string): Promise<boolean> {
  const theirs = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
  return mountAt(parseMountinfo(theirs), path)?.device === mountAt(readMounts(), path)?.device;
}

/** A process's own name for itself: 15 bytes, which must not move a terminal's cursor. */
async function commandOf(pid: string): Promise<string> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'ended meanwhile');
  return name.replace(/\n$/, '').replace(/\p{Cc}/gu, '?');
}

function listed(words: readonly string[]): string {
  const named = words.slice(0, NAMED).join(', ');
  return words.length > NAMED ? `${named} and others` : named;
}
