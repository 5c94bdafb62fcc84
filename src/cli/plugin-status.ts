import {
  ControllerServiceCapability_RPC_Type as ControllerRpc,
  PluginCapability_VolumeExpansion_Type as Expansion,
  NodeServiceCapability_RPC_Type as NodeRpc,
  PluginCapability_Service_Type as Service,
} from '../proto/csi/v1/csi_pb.js';
import { HealthCheckResponse_ServingStatus as Serving } from '../proto/grpc/health/v1/health_pb.js';
import { ifOffered, type Plugin } from './plugin.js';
import { CallFailed } from './rpc.js';
import { countWork, type WorkCount } from './work.js';

/** What a plugin says of itself; the keys are those of -json and -t. Null: it does not offer that. */
export interface PluginStatus {
  readonly name: string;
  readonly version: string;
  readonly endpoint: string;
  readonly ready: boolean;
  /** gRPC health's word: SERVING, NOT_SERVING. */
  readonly health: string | null;
  readonly capabilities: readonly string[];
  readonly controllerCapabilities: readonly string[] | null;
  readonly nodeCapabilities: readonly string[] | null;
  readonly node: {
    readonly id: string;
    /** 0 is no limit. */
    readonly maxVolumes: bigint;
    readonly topology: Readonly<Record<string, string>>;
  } | null;
  /** What its controller has to do in the background; null also where that cannot be told now. */
  readonly work: readonly WorkCount[] | null;
  /** Why it cannot be told; null where it can. */
  readonly workProblem: string | null;
}

export async function pluginStatus(plugin: Plugin, endpoint: string): Promise<PluginStatus> {
  const { identity, controller, node } = plugin;
  const health = await plugin.health();
  const [info, probe, offered, ofController, ofNode, nodeInfo, healthy, work] = await Promise.all([
    identity.getPluginInfo({}),
    identity.probe({}),
    identity.getPluginCapabilities({}),
    ifOffered(controller.controllerGetCapabilities({})),
    ifOffered(node.nodeGetCapabilities({})),
    ifOffered(node.nodeGetInfo({})),
    ifOffered(health.check({ service: '' })),
    workOf(plugin),
  ]);
  return {
    name: info.name,
    version: info.vendorVersion,
    endpoint,
    ready: probe.ready ?? true,
    health: healthy === null ? null : (Serving[healthy.status] ?? String(healthy.status)),
    capabilities: offered.capabilities.flatMap(({ type }) => {
      if (type.case === 'service') return [word(Service, type.value.type)];
      return type.case === 'volumeExpansion'
        ? [`VOLUME_EXPANSION_${word(Expansion, type.value.type)}`]
        : [];
    }),
    controllerCapabilities:
      ofController?.capabilities.map(({ type }) => word(ControllerRpc, type.value?.type ?? 0)) ??
      null,
    nodeCapabilities:
      ofNode?.capabilities.map(({ type }) => word(NodeRpc, type.value?.type ?? 0)) ?? null,
    node: nodeInfo && {
      id: nodeInfo.nodeId,
      maxVolumes: nodeInfo.maxVolumesPerNode,
      topology: nodeInfo.accessibleTopology?.segments ?? {},
    },
    ...work,
  };
}

function word(names: Readonly<Record<number, string>>, value: number): string {
  return names[value] ?? `UNKNOWN_${value}`;
}

/** A plugin whose cluster does not answer is shown all the same. */
async function workOf(plugin: Plugin): Promise<Pick<PluginStatus, 'work' | 'workProblem'>> {
  try {
    return { work: await countWork(plugin), workProblem: null };
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    return { work: null, workProblem: error.message };
  }
}
