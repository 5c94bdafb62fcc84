import type { Finding, Rule } from '../finding.js';
import { jobWords, mounts, pluginTasks } from '../tasks.js';

/** What an unprivileged container needs to attach and mount. */
const DEVICES = ['/dev/fuse', '/dev/loop-control'];

/** Node plugins in containers that may not do what they are for. */
export const containerPrivileges: Rule = (view) =>
  pluginTasks(view)
    .filter((one) => mounts(one) && one.task.Driver === 'docker')
    .flatMap(({ job, task }): Finding[] => {
      const { privileged, cap_add, devices } = task.Config ?? {};
      if (privileged === true) return [];
      const given = listOf(cap_add).map((name) => String(name).toLowerCase().replace(/^cap_/, ''));
      const paths = listOf(devices).map((one) => (one as { host_path?: unknown }).host_path);
      const missing = DEVICES.filter((path) => !paths.includes(path));
      const lacks = [
        ...(given.includes('sys_admin') || given.includes('all')
          ? []
          : ['the capability sys_admin']),
        ...(missing.length === 0 ? [] : [missing.join(' and ')]),
      ];
      if (lacks.length === 0) return [];
      return [
        {
          kind: 'privileges-missing',
          severity: 'error',
          subject: jobWords(job),
          problem: `the container of its node plugin is not privileged, and has not got ${lacks.join(' and ')}`,
          reason: 'without them it can neither attach images nor mount them',
          remedy:
            'Give it cap_add = ["sys_admin"] and the devices, as the jobspecs of Pannier do, or privileged = true.',
        },
      ];
    });

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
