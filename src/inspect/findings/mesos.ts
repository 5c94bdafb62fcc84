import type { Rule } from '../finding.js';

/** A disk of Mesos's of which nothing is left in Ceph. */
export const diskWithoutImage: Rule = ({ mesos, ceph }) =>
  mesos && (ceph === null || (ceph && !ceph.image && ceph.deleted.length === 0))
    ? mesos.disks.map(({ type, provider, agent, volumeId }) => ({
        kind: 'mesos-disk-without-image',
        part: 'mesos',
        severity: 'error',
        problem: `resource provider "${provider.name}" of agent ${agent.hostname} has the volume as a ${type} disk, and there is no image "${volumeId}"`,
        remedy:
          type === 'RAW'
            ? 'Mesos forgets it when it asks the plugin for its volumes next.'
            : 'Have a framework destroy the disk (DESTROY_DISK): nothing but an operation makes Mesos forget it.',
        command: null,
      }))
    : [];

/** A volume that several agents take for theirs: a framework that gets it from one may destroy it for the others. */
export const disksOfSeveral: Rule = ({ mesos }) => {
  const [first, ...others] = mesos?.disks ?? [];
  if (first === undefined || others.length === 0) return [];
  const names = [first, ...others].map(({ agent }) => agent.hostname);
  if (others.every(({ agent }) => agent.id === first.agent.id))
    return [
      {
        kind: 'mesos-disk-twice',
        part: 'mesos',
        severity: 'error',
        problem: `agent ${first.agent.hostname} has the volume as several disks: who gets one of them may destroy the data of the others`,
        remedy:
          'Mesos takes a volume that is listed with another size for another disk: set scope = "host" in the configuration of the plugin, which then tells the size that it was made with.',
        command: null,
      },
    ];
  return [
    {
      kind: 'mesos-disk-of-several-agents',
      part: 'mesos',
      severity: 'error',
      problem: `agents ${names.join(', ')} have the volume as a disk each: it may be written by all, and destroyed by any`,
      remedy:
        'Set scope = "host" in the configuration of the plugins; `pannier volume move` gives a volume to a host.',
      command: null,
    },
  ];
};
