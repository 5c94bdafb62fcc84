import type { MesosClient } from '../../mesos/client.js';
import type { Disk } from '../../mesos/resources.js';
import type { TaskUse } from '../../mesos/tasks.js';
import { type AgentView, type Provider, readAgent } from '../../mesos/view.js';
import { CommandError, EXIT, failureOf } from '../errors.js';
import type { ListedVolume } from '../volumes.js';
import { type ImageState, imageOf } from './images.js';
import type { Agents } from './open.js';
import { type AskedPlugin, askPlugin, localControllers } from './plugins.js';

/** Who was asked, and why he does not tell; null where he does. */
export interface AskedSource {
  readonly kind: 'agent' | 'plugin';
  readonly address: string;
  readonly problem: string | null;
}

/** A disk of a provider's, with what Ceph has of it and who uses it. */
export interface JoinedDisk extends Disk {
  readonly agent: AgentView;
  readonly provider: Provider;
  readonly image: ImageState;
  readonly uses: readonly TaskUse[];
}

/** A volume that no provider that was asked has as a disk. */
export interface OtherVolume extends ListedVolume {
  readonly uses: readonly TaskUse[];
}

/** What Mesos, the plugin and Ceph have of volumes, together. */
export interface MesosStatus {
  readonly agents: readonly AgentView[];
  readonly disks: readonly JoinedDisk[];
  /** Undefined where no plugin told. */
  readonly others: readonly OtherVolume[] | undefined;
  readonly sources: readonly AskedSource[];
}

/**
 * Asks agents and plugins: the one at `endpoint`, or else those that the agents run on this machine. Throws
 * CommandError, UNREACHABLE, where no agent answers.
 */
export async function gatherMesos(
  { agents }: Agents,
  endpoint: string | undefined,
): Promise<MesosStatus> {
  const asked = await Promise.all(agents.map(askAgent));
  const views = asked.flatMap(({ view }) => (view === undefined ? [] : [view]));
  if (views.length === 0) nobody(asked);
  const endpoints = endpoint ? [endpoint] : await localControllers(views);
  const plugins = await Promise.all([...new Set(endpoints)].map(askPlugin));
  try {
    const volumes = plugins.flatMap(({ volumes: listed = [] }) => listed);
    const told = plugins.some(({ volumes: listed }) => listed !== undefined);
    const disks = await joinDisks(views, volumes, plugins);
    const known = new Set(disks.map(({ volumeId }) => volumeId));
    const uses = views.flatMap((view) => view.uses);
    const others = [...new Map(volumes.map((one) => [one.id, one])).values()]
      .filter(({ id }) => !known.has(id))
      .map((one) => ({ ...one, uses: uses.filter(({ volumeId }) => volumeId === one.id) }));
    return {
      agents: views,
      disks,
      others: told ? others : undefined,
      sources: [
        ...asked.map(({ address, problem }) => ({ kind: 'agent' as const, address, problem })),
        ...plugins.map((one) => ({
          kind: 'plugin' as const,
          address: one.endpoint,
          problem: one.problem,
        })),
      ],
    };
  } finally {
    await Promise.all(plugins.map(({ plugin }) => plugin[Symbol.asyncDispose]()));
  }
}

interface AskedAgent {
  readonly address: string;
  readonly view: AgentView | undefined;
  readonly problem: string | null;
}

async function askAgent(agent: MesosClient): Promise<AskedAgent> {
  const address = agent.address.text;
  try {
    return { address, view: await readAgent(agent), problem: null };
  } catch (error) {
    const { message, remedy } = failureOf(error);
    return { address, view: undefined, problem: [message, remedy].filter(Boolean).join('. ') };
  }
}

function nobody(asked: readonly AskedAgent[]): never {
  const [first] = asked;
  throw new CommandError(first?.problem ?? 'the master knows no agent', {
    code: 'UNREACHABLE',
    exitCode: EXIT.unreachable,
    ...(first === undefined ? { remedy: 'Name an agent with -agent.' } : {}),
  });
}

async function joinDisks(
  views: readonly AgentView[],
  volumes: readonly ListedVolume[],
  plugins: readonly AskedPlugin[],
): Promise<JoinedDisk[]> {
  const disks = views.flatMap((agent) =>
    agent.providers.flatMap((provider) =>
      provider.disks.map((disk) => ({
        ...disk,
        agent,
        provider,
        uses: agent.uses.filter(({ volumeId }) => volumeId === disk.volumeId),
      })),
    ),
  );
  return Promise.all(
    disks.map(async (disk) => ({ ...disk, image: await imageOf(disk, volumes, plugins) })),
  );
}
