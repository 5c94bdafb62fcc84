import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MOUNTED = '/sys/fs/cgroup';
/** Nomad sets it for every task. */
const NOMAD_TASK = 'NOMAD_ALLOC_ID';

/**
 * Where the plugin is a task of Nomad's, takes a process out of the task's control groups: Nomad ends all that is in
 * them with the task. Where they cannot be changed, as in most containers, the process stays.
 */
export async function outliveTask(pid: number): Promise<void> {
  if (process.env[NOMAD_TASK] === undefined) return;
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  const roots = hierarchiesOf(text).map((folder) => join(MOUNTED, folder, 'cgroup.procs'));
  await Promise.all(roots.map((file) => writeFile(file, `${pid}`).catch(() => {})));
}

/**
 * Where the hierarchies are mounted that a process is below the root of, from a line each (cgroups(7)):
 * "0::/nomad.slice/x" of version 2, "4:memory:/nomad/x" or "1:name=systemd:/x" of version 1.
 */
function hierarchiesOf(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (controllers === undefined || path === '/') return [];
      // Beside version 1, version 2 is mounted at "unified".
      return controllers === '' ? ['', 'unified'] : [controllers.replace(/^name=/, '')];
    });
}
