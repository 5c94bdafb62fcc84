import type { Rule } from '../finding.js';
import { clientWords, mounts, pluginTasks } from '../tasks.js';

/** Clients that are not there although Nomad knows them. */
export const lostClients: Rule = ({ nodes = [] }) => {
  const lost = nodes.filter(({ Status }) => ['down', 'disconnected'].includes(Status));
  if (lost.length === 0) return [];
  return [
    {
      kind: 'client-lost',
      severity: 'warning',
      subject: clientWords(lost.map(({ Name }) => Name)),
      problem: `Nomad does not hear of ${lost.length === 1 ? 'it' : 'them'}`,
      reason: 'volumes that were in use there may still be held by what runs there',
      remedy:
        'See the guide "Recover from a dead node"; `pannier volume inspect` shows each volume.',
    },
  ];
};

/** What the machine lacks that this runs on. */
export const thisMachine: Rule = (view) => {
  const { machine, nodes = [] } = view;
  const tasks = pluginTasks(view).filter(mounts);
  if (machine === undefined || tasks.length === 0) return [];
  const name = nodes.find(({ ID }) => ID === machine.nodeId)?.Name ?? machine.nodeId;
  const subject = `client "${name}", this machine`;
  const docker = tasks.some(({ task }) => task.Driver === 'docker');
  return [
    ...(machine.shared || !docker
      ? []
      : [
          {
            kind: 'data-dir-not-shared' as const,
            severity: 'error' as const,
            subject,
            problem: `${machine.stateDir} is not on a shared mount`,
            reason: 'what a plugin mounts in its container must be seen by those of jobs',
            remedy:
              'Put data_dir on a shared mount: mount --bind DIR DIR && mount --make-shared DIR, and have that done at each boot.',
          },
        ]),
    ...machine.missingDevices.map((device) => ({
      kind: 'device-missing' as const,
      severity: 'error' as const,
      subject,
      problem: `there is no ${device}`,
      reason: 'images are attached through it',
      remedy: `Load the module of the kernel that it belongs to: modprobe ${device === '/dev/fuse' ? 'fuse' : 'loop'}.`,
    })),
  ];
};
