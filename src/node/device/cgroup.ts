import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCgroupMounts } from '../mountinfo.js';

/** Nomad sets the first for every task, and Mesos the second for every container. */
const SUPERVISED = ['NOMAD_ALLOC_ID', 'MESOS_SANDBOX'];

/**
 * Where Nomad or Mesos runs the plugin, takes a process out of the control groups that they made for it: they end all
 * that is in them with the plugin. Where they cannot be changed, as in most containers, the process stays.
 */
export async function outliveTask(pid: number): Promise<void> {
  if (SUPERVISED.every((name) => process.env[name] === undefined)) return;
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  const roots = hierarchiesOf(text).map((folder) => join(folder, 'cgroup.procs'));
  await Promise.all(roots.map((file) => writeFile(file, `${pid}`).catch(() => {})));
}

/**
 * Where the hierarchies are mounted that a process is below the root of, from a line each (cgroups(7)):
 * "0::/nomad.slice/x" of version 2, "4:memory:/nomad/x" or "1:name=systemd:/x" of version 1.
 */
function hierarchiesOf(text: string): string[] {
  const mounts = readCgroupMounts();
  return text
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (controllers === undefined || path === '/') return [];
      const mount = mounts.find((one) => isOf(one.controllers, controllers));
      return mount === undefined ? [] : [mount.path];
    });
}

/** True where a mount's controllers, of which version 2 has none, are those of a line. */
function isOf(mounted: readonly string[], controllers: string): boolean {
  if (controllers === '') return mounted.length === 0;
  return controllers.split(',').every((one) => mounted.includes(one));
}
