import type { MesosView } from '../../../inspect/known.js';
import { keyValues, table } from '../../columns.js';
import { sizeInWords } from '../../sizes.js';
import type { Gathered } from '../gather.js';
import { gapLines, notKnown, type Section } from './section.js';

/** What Mesos knows: where the volume is a disk, and the tasks that have it. Nothing where Mesos was not asked. */
export function mesosSections(gathered: Gathered): Section[] {
  const { mesos, sources } = gathered;
  if (!sources.some(({ kind }) => kind === 'mesos')) return [];
  if (!mesos) {
    const body =
      mesos === null ? 'no agent that was asked knows the volume' : notKnown(gathered, 'mesos');
    return [{ title: 'Mesos', body, part: 'mesos' }];
  }
  return [
    { title: 'Mesos', body: [diskText(mesos), ...gapLines(mesos.gaps)].join('\n'), part: 'mesos' },
    {
      title: 'Mesos Tasks',
      body: mesos.uses.length === 0 ? 'none' : taskTable(mesos),
    },
    ...(mesos.operations.length === 0
      ? []
      : [{ title: 'Mesos Operations', body: operationTable(mesos) }]),
  ];
}

function diskText({ disks }: MesosView): string {
  if (disks.length === 0) return 'no resource provider has it as a disk';
  return disks
    .map(({ agent, provider, plugin, type, profile, sizeBytes, role, persistence }) =>
      keyValues([
        ['Agent', `${agent.hostname} (${agent.id})`],
        ['Resource Provider', `${provider.name} (${provider.id})`],
        ['Plugin', plugin],
        ['Disk', type],
        ['Profile', profile],
        ['Size', sizeInWords(sizeBytes)],
        ['Role', role],
        ['Persistence', persistence],
      ]),
    )
    .join('\n\n');
}

function taskTable({ uses }: MesosView): string {
  return table(
    ['Task', 'State', 'Framework', 'Agent', 'Through', 'Path', 'Read-Only'],
    uses.map(({ taskId, state, frameworkName, frameworkId, agent, through, ...use }) => [
      taskId,
      state,
      frameworkName ?? frameworkId,
      agent.hostname,
      through === 'disk' ? 'resource provider' : 'volume/csi',
      use.containerPath,
      use.readonly,
    ]),
  );
}

function operationTable({ operations }: MesosView): string {
  return table(
    ['UUID', 'Type', 'State', 'Agent', 'Message'],
    operations.map(({ uuid, type, state, agent, message }) => [
      uuid,
      type,
      state,
      agent.hostname,
      message,
    ]),
  );
}
