import type { AllocationStub } from './allocations.js';
import type { Answer, NomadClient, ReadOptions } from './client.js';
import type { Topology } from './values.js';

/** What Nomad tells of a CSI plugin in a list. */
export interface PluginStub {
  readonly ID: string;
  /** The CSI name of the driver. */
  readonly Provider: string;
  readonly ControllerRequired: boolean;
  readonly ControllersHealthy: number;
  readonly ControllersExpected: number;
  readonly NodesHealthy: number;
  readonly NodesExpected: number;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

/** One instance of a plugin on a node, as Nomad found it. */
export interface PluginInstance {
  readonly PluginID: string;
  readonly AllocID: string;
  readonly Healthy: boolean;
  readonly HealthDescription: string;
  readonly UpdateTime: string;
  /** Only where a node is read; a plugin's own document leaves it out. */
  readonly ProviderVersion?: string;
  readonly RequiresControllerPlugin: boolean;
  readonly RequiresTopologies: boolean;
  /** A name that begins with "Supports", and whether it does. */
  readonly ControllerInfo?: Readonly<Record<string, boolean>> | null;
  readonly NodeInfo?: {
    /** CSI's id of the node. */
    readonly ID: string;
    readonly MaxVolumes: number;
    readonly AccessibleTopology?: Topology | null;
    readonly RequiresNodeStageVolume: boolean;
    readonly SupportsStats?: boolean;
    readonly SupportsExpand?: boolean;
    readonly SupportsCondition?: boolean;
  } | null;
}

export interface NomadPlugin extends PluginStub {
  readonly Version: string;
  /** By the ID of Nomad's node. */
  readonly Controllers: Readonly<Record<string, PluginInstance>>;
  readonly Nodes: Readonly<Record<string, PluginInstance>>;
  readonly Allocations: readonly AllocationStub[];
}

const LIST = 'plugin { policy = "list" }';
const READ = 'plugin { policy = "read" }';

/** All CSI plugins, by ID. */
export async function listPlugins(
  nomad: NomadClient,
  options: ReadOptions = {},
): Promise<Answer<readonly PluginStub[]>> {
  const answer = await nomad.read<readonly PluginStub[] | null>('/v1/plugins', {
    ...options,
    query: { type: 'csi' },
    needs: LIST,
  });
  const document = [...(answer.document ?? [])].sort((a, b) => (a.ID < b.ID ? -1 : 1));
  return { ...answer, document };
}

/** A plugin by its whole ID, or undefined where Nomad has none. */
export async function readPlugin(
  nomad: NomadClient,
  id: string,
  options: ReadOptions = {},
): Promise<Answer<NomadPlugin> | undefined> {
  const path = `/v1/plugin/csi/${encodeURIComponent(id)}`;
  const answer = await nomad.find<Partial<NomadPlugin>>(path, { ...options, needs: READ });
  if (answer === undefined) return undefined;
  const document = answer.document as NomadPlugin;
  const { Controllers, Nodes, Allocations } = answer.document;
  return {
    ...answer,
    document: {
      ...document,
      Controllers: Controllers ?? {},
      Nodes: Nodes ?? {},
      Allocations: Allocations ?? [],
    },
  };
}
