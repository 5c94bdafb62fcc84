import { Gaps } from '../volume/inspect/gaps.js';
import type { Gap } from '../volume/inspect/inspected.js';
import {
  listOperations,
  listProviders,
  listStandalone,
  type Operation,
  type PluginInfo,
  type ResourceProvider,
  readAgentInfo,
  readFlags,
  type StandaloneContainer,
} from './agent.js';
import type { MesosClient } from './client.js';
import { containerPrefix, isContainerOf, isPluginContainer } from './containers.js';
import { type Disk, type Pool, readResources } from './resources.js';
import { listUses, type TaskUse } from './tasks.js';

/** A resource provider with a CSI plugin, and what it has. */
export interface Provider {
  /** Mesos's id of it. */
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly plugin: Required<PluginInfo>;
  /** That its resources are reserved for at first; "*" where for none. */
  readonly role: string;
  readonly pools: readonly Pool[];
  readonly disks: readonly Disk[];
  /** Of its plugin; empty where the agent has none for it now. */
  readonly containers: readonly StandaloneContainer[];
}

/** What an agent has to do with volumes. */
export interface AgentView {
  readonly address: string;
  readonly id: string;
  readonly hostname: string;
  /** Undefined where the agent does not tell its flags. */
  readonly flags: ReadonlyMap<string, string> | undefined;
  readonly providers: readonly Provider[];
  readonly operations: readonly Operation[];
  /** Containers of CSI plugins, those of providers among them. */
  readonly containers: readonly StandaloneContainer[];
  readonly uses: readonly TaskUse[];
  /** What could not be read. */
  readonly gaps: readonly Gap[];
}

/**
 * Asks an agent for all that it has to do with volumes. Operations are read before disks: what an operation makes is
 * in one of the two at any time. Fails with MesosError where the agent does not answer at all.
 */
export async function readAgent(agent: MesosClient): Promise<AgentView> {
  const info = await readAgentInfo(agent);
  const gaps = new Gaps();
  const operations = await gaps.read('operations', listOperations(agent), []);
  const [flags, providers, standalone, uses] = await Promise.all([
    gaps.read('flags', readFlags(agent), undefined),
    gaps.read('resource providers', listProviders(agent), []),
    gaps.read('standalone containers', listStandalone(agent), []),
    gaps.read('tasks', listUses(agent), []),
  ]);
  const containers = standalone.filter(({ id }) => isPluginContainer(id));
  return {
    address: agent.address.text,
    ...info,
    flags,
    providers: providers.flatMap((one) => providerOf(one, containers)),
    ...{ operations, containers, uses, gaps: gaps.found },
  };
}

/** Providers of other things than storage have no plugin. */
function providerOf(
  { resource_provider_info: info, total_resources: resources = [] }: ResourceProvider,
  containers: readonly StandaloneContainer[],
): Provider[] {
  const { type, name, storage, default_reservations: reservations = [] } = info;
  if (storage === undefined) return [];
  const prefix = containerPrefix(storage.plugin, info);
  return [
    {
      ...{ id: info.id.value, type, name },
      plugin: { type: storage.plugin.type, name: storage.plugin.name ?? 'default' },
      role: reservations.at(-1)?.role ?? '*',
      ...readResources(resources),
      containers: containers.filter(({ id }) => isContainerOf(prefix, id)),
    },
  ];
}
