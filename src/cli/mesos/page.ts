import type { AgentView, Provider } from '../../mesos/view.js';
import { type Cell, keyValues, table } from '../columns.js';
import { sizeInWords } from '../sizes.js';
import type { JoinedDisk, MesosStatus } from './gather.js';

type Heading = (title: string) => string;

/** What there is on a page: each agent, its disks, and volumes that are no disks. */
export function statusPage(status: MesosStatus, heading: Heading): string {
  const section = (title: string, rows: readonly (readonly Cell[])[], head: readonly string[]) =>
    rows.length === 0 ? [] : [`${heading(title)}\n${table(head, rows)}`];
  const several = status.agents.length > 1;
  const silent = status.sources.filter(({ problem }) => problem !== null);
  return [
    ...status.agents.flatMap((agent) => [
      keyValues([
        ['Agent', agent.address],
        ['ID', agent.id],
        ['Host', agent.hostname],
        ...agent.gaps.map(({ part, problem }) => [`No ${part}`, problem] as const),
      ]),
      ...section('Resource Providers', agent.providers.map(providerRow), [
        'Name',
        'Plugin',
        'Role',
        'Offered',
        'Disks',
        'Container',
      ]),
      ...agent.providers.filter(({ containers }) => !runs(containers)).map(withoutPlugin),
      ...section('Operations', agent.operations.map(operationRow), [
        'UUID',
        'Type',
        'State',
        'Framework',
        'Volume',
        'Message',
      ]),
      ...section('Containers of Plugins', agent.containers.map(containerRow), ['ID', 'PID']),
    ]),
    ...section(
      'Disks',
      status.disks.map((disk) => diskRow(disk, several)),
      [
        ...(several ? ['Agent'] : []),
        ...['Type', 'Profile', 'Size', 'Role', 'Persistence', 'Image', 'Task', 'Volume'],
      ],
    ),
    ...section(
      'Volumes that are no disks',
      (status.others ?? []).map(({ id, name, capacityBytes, uses }) => [
        id,
        name,
        sizeInWords(capacityBytes),
        uses.map(({ taskName }) => taskName).join(','),
      ]),
      ['ID', 'Name', 'Size', 'Task'],
    ),
    ...silent.map(({ kind, address, problem }) => `Not known: ${kind} ${address}: ${problem}`),
    ...(status.sources.some(({ kind }) => kind === 'plugin')
      ? []
      : ["Not known: Ceph: no plugin of the agents' is on this machine; name one with -endpoint"]),
  ].join('\n\n');
}

function providerRow({ name, plugin, role, pools, disks, containers }: Provider): Cell[] {
  return [
    name,
    `${plugin.type}.${plugin.name}`,
    role,
    pools.map((pool) => `${pool.profile}=${sizeInWords(pool.sizeBytes)}`).join(','),
    disks.length,
    runs(containers) ? 'running' : undefined,
  ];
}

function runs(containers: Provider['containers']): boolean {
  return containers.some(({ pid }) => pid !== undefined);
}

function withoutPlugin({ name }: Provider): string {
  return `The plugin of resource provider "${name}" does not run. Mesos starts it again at once, and where it does not answer within a minute gives it up: its operations fail until the agent is restarted.`;
}

function operationRow(operation: AgentView['operations'][number]): Cell[] {
  const { uuid, type, state, frameworkId, volumeId, message } = operation;
  return [uuid, type, state, frameworkId, volumeId, message];
}

function containerRow({ id, pid }: AgentView['containers'][number]): Cell[] {
  return [id, pid];
}

function diskRow(disk: JoinedDisk, several: boolean): Cell[] {
  const { agent, type, profile, sizeBytes, role, persistence, image, uses, volumeId } = disk;
  return [
    ...(several ? [agent.hostname] : []),
    type,
    profile,
    sizeInWords(sizeBytes),
    role,
    persistence,
    image,
    uses.map(({ taskName }) => taskName).join(','),
    volumeId,
  ];
}
