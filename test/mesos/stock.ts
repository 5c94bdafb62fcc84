import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/cli/package.js';
import { findProcesses } from '../../src/dev/processes.js';
import type { LabCeph } from '../lab/ceph.js';
import type { ProfileMap } from '../lab/mesos/profiles.js';
import type { LabAgent, LabMesos } from '../lab/mesos.js';
import { pannierProgram } from '../lab/plugin.js';

/** The files for a small site. */
export const STOCK = join(packageRoot(), 'jobspecs', 'mesos');

/** Folders of the machine in which an agent of ours sees files of its own besides. */
const OVERLAID = ['/etc', '/usr/bin', '/var/lib'];
/** What the plugins keep, by where they have it. */
const STATES = { '/var/lib/pannier': 'disks', '/var/lib/pannier-tasks': 'tasks' };

/**
 * An agent of a site that has the files of jobspecs/mesos as they stand, at the paths that they name: it has mounts of
 * its own, in which they are. Only Mesos's adaptor of profiles, which no package has, is ours.
 */
export async function stockAgent(mesos: LabMesos, ceph: LabCeph): Promise<LabAgent> {
  const agent = await mesos.newAgent((folder) => startIn(folder));
  const { folder } = agent;
  const upper = (path: string) => join(folder, 'upper', path);
  const put = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(upper(path)), { recursive: true });
    writeFileSync(upper(path), text, { mode });
  };
  for (const path of OVERLAID)
    for (const kind of ['upper', 'work']) mkdirSync(join(folder, kind, path), { recursive: true });
  for (const [path, name] of Object.entries(STATES)) {
    mkdirSync(upper(path), { recursive: true });
    mkdirSync(join(folder, 'states', name), { recursive: true });
  }
  const [node, program] = pannierProgram();
  put('/usr/bin/pannier', `#!/bin/sh\nexec ${node} ${program} "$@"\n`);
  chmodSync(upper('/usr/bin/pannier'), 0o755);
  put('/etc/pannier/pannier.hcl', readFileSync(join(STOCK, 'pannier.hcl'), 'utf8'));
  put('/etc/pannier/ceph.key', ceph.key, 0o600);
  mkdirSync(upper('/etc/ceph'), { recursive: true });
  copyFileSync(ceph.conf, upper('/etc/ceph/ceph.conf'));
  cpSync(join(STOCK, 'agent'), upper('/etc/mesos/pannier'), { recursive: true });
  const document = (path: string) => JSON.parse(readFileSync(join(STOCK, 'agent', path), 'utf8'));
  const provider = document('resource-providers/ceph_rbd.json') as object;
  agent.configure({
    providers: { 'ceph_rbd.json': provider },
    profiles: document('disk-profiles.json') as ProfileMap,
  });
  t.teardown(() => endFuse(folder));
  await agent.start();
  return agent;
}

/** Ends what serves images to an agent's plugins: it outlives them, and nothing in its command names our folder. */
function endFuse(folder: string): void {
  for (const { pid } of findProcesses(([program]) => program === 'rbd-fuse'))
    try {
      const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
      if (mounts.includes(`${folder}/`)) process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
}

/** The command that makes an agent's mounts and becomes the agent. */
function startIn(folder: string): readonly string[] {
  const overlays = OVERLAID.map(
    (path) =>
      `mount -t overlay overlay -o lowerdir=${path},upperdir=${folder}/upper${path},workdir=${folder}/work${path} ${path}`,
  );
  const states = Object.entries(STATES).flatMap(([path, name]) => [
    `mount --bind ${folder}/states/${name} ${path}`,
    `mount --make-shared ${path}`,
  ]);
  const script = [
    'adaptor=$MESOS_DISK_PROFILE_ADAPTOR',
    ...overlays,
    ...states,
    'set -a',
    '. /etc/mesos/pannier/agent.env',
    'unset MESOS_MODULES',
    'MESOS_DISK_PROFILE_ADAPTOR=$adaptor',
    'exec "$@"',
  ].join('\n');
  return ['unshare', '--mount', '--propagation', 'slave', 'sh', '-eu', '-c', script, 'sh'];
}
