import { Gaps } from '../../volume/inspect/gaps.js';
import type { Gap } from '../../volume/inspect/inspected.js';
import { listServers, readAgent } from '../agent.js';
import type { AllocationStub } from '../allocations.js';
import type { NomadClient } from '../client.js';
import { wordsOf } from '../errors.js';
import { type Job, type JobStub, listJobAllocations, listJobs, readJob } from '../jobs.js';
import { listNodes, readNode } from '../nodes.js';
import { listPlugins, type NomadPlugin, readPlugin } from '../plugins.js';
import { listVolumes, type NomadVolume, readVolume, type VolumeStub } from '../volumes.js';
import { pluginTasks } from './tasks.js';
import type { ClusterView, Machine, VersionedInstance } from './view.js';

/** More documents of a kind than these are not read one by one, which is told. */
const MOST = 2000;
/** How many are read at once. */
const AT_ONCE = 8;
const EVERYWHERE = { namespace: '*' };

export interface ReadCluster {
  readonly view: ClusterView;
  /** What could not be read, and so is not checked. */
  readonly gaps: readonly Gap[];
}

/** Reads all that the rules look at. `look` tells of this machine, where an agent is a client here. */
export async function readCluster(
  nomad: NomadClient,
  look: (agent: NonNullable<ClusterView['agent']>) => Promise<Machine | undefined>,
): Promise<ReadCluster> {
  // Whether there is a Nomad at all is not a gap.
  const { document: plugins } = await listPlugins(nomad);
  const gaps = new Gaps(wordsOf);
  const read = <T>(part: string, reading: Promise<T>) => gaps.read(part, reading, undefined);
  const [agent, servers, nodes, whole, stubs, volumes] = await Promise.all([
    read('agent', readAgent(nomad)),
    read('servers', listServers(nomad)),
    read('clients', listNodes(nomad)),
    read(
      'plugins',
      all(plugins, ({ ID }) => readPlugin(nomad, ID)),
    ),
    read('jobs', listJobs(nomad, EVERYWHERE)),
    read('volumes', listVolumes(nomad, EVERYWHERE)),
  ]);
  const found = whole?.flatMap((one) => (one === undefined ? [] : [one.document]));
  const alive = stubs?.document.filter(({ Status, Stop }) => Status !== 'dead' && !Stop);
  const [jobs, instances, claimed, machine] = await Promise.all([
    alive && read('jobs', readJobs(nomad, alive, gaps)),
    found && read('versions of plugins', readInstances(nomad, found)),
    volumes && read('claims', readClaimed(nomad, volumes.document, gaps)),
    agent && read('this machine', look(agent)),
  ]);
  const view = {
    ...{ agent, servers, instances, jobs, claimed, machine },
    nodes: nodes?.document,
    plugins: found,
    volumes: volumes?.document,
    pluginAllocations: undefined,
  };
  const pluginAllocations =
    jobs && (await read('allocations of plugins', readAllocations(nomad, view)));
  return { view: { ...view, pluginAllocations }, gaps: gaps.found };
}

async function readJobs(nomad: NomadClient, stubs: readonly JobStub[], gaps: Gaps): Promise<Job[]> {
  const jobs = await all(within('jobs', stubs, gaps), ({ ID, Namespace: namespace }) =>
    readJob(nomad, ID, { namespace }),
  );
  return jobs.flatMap((one) => (one === undefined ? [] : [one.document]));
}

async function readInstances(
  nomad: NomadClient,
  plugins: readonly NomadPlugin[],
): Promise<VersionedInstance[]> {
  const ids = new Set(
    plugins.flatMap(({ Controllers, Nodes }) => [
      ...Object.keys(Controllers),
      ...Object.keys(Nodes),
    ]),
  );
  const nodes = await all([...ids], (id) => readNode(nomad, id));
  return nodes.flatMap((answer) => {
    if (answer === undefined) return [];
    const { ID: nodeId, Name: nodeName, CSIControllerPlugins, CSINodePlugins } = answer.document;
    const of = (kind: VersionedInstance['kind'], found: NomadPlugin['Nodes']) =>
      Object.values(found).map((instance) => ({ nodeId, nodeName, kind, instance }));
    return [...of('controller', CSIControllerPlugins), ...of('node', CSINodePlugins)];
  });
}

async function readClaimed(
  nomad: NomadClient,
  volumes: readonly VolumeStub[],
  gaps: Gaps,
): Promise<NomadVolume[]> {
  const claimed = volumes.filter(
    ({ CurrentReaders, CurrentWriters }) => (CurrentReaders ?? 0) + (CurrentWriters ?? 0) > 0,
  );
  const read = await all(within('claims', claimed, gaps), ({ ID, Namespace: namespace }) =>
    readVolume(nomad, ID, { namespace }),
  );
  return read.flatMap((one) => (one === undefined ? [] : [one.document]));
}

async function readAllocations(nomad: NomadClient, view: ClusterView): Promise<AllocationStub[]> {
  const jobs = [...new Set(pluginTasks(view).map(({ job }) => job))];
  const lists = await all(jobs, ({ ID, Namespace: namespace }) =>
    listJobAllocations(nomad, ID, { namespace }),
  );
  return lists.flatMap(({ document }) => document);
}

/** The first so many, and a gap where there are more. */
function within<T>(part: string, documents: readonly T[], gaps: Gaps): readonly T[] {
  if (documents.length > MOST)
    gaps.found.push({ part, problem: `only ${MOST} of ${documents.length} were read` });
  return documents.slice(0, MOST);
}

/** Reads one for each, some at once. */
async function all<T, U>(things: readonly T[], read: (thing: T) => Promise<U>): Promise<U[]> {
  const found: U[] = [];
  const left = [...things.entries()];
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [at, thing] = next;
      found[at] = await read(thing);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}
