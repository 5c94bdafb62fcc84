import {
  ControllerServiceCapability_RPC_Type as ControllerRpc,
  PluginCapability_VolumeExpansion_Type as Expansion,
  NodeServiceCapability_RPC_Type as NodeRpc,
  PluginCapability_Service_Type as Service,
} from '../proto/csi/v1/csi_pb.js';
import { HealthCheckResponse_ServingStatus as Serving } from '../proto/grpc/health/v1/health_pb.js';
import { isStatus, type Plugin } from './plugin.js';

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
}

export async function pluginStatus(plugin: Plugin, endpoint: string): Promise<PluginStatus> {
  const { identity, controller, node } = plugin;
  const health = await plugin.health();
  const [info, probe, offered, ofController, ofNode, nodeInfo, healthy] = await Promise.all([
    identity.getPluginInfo({}),
    identity.probe({}),
    identity.getPluginCapabilities({}),
    ifOffered(controller.controllerGetCapabilities({})),
    ifOffered(node.nodeGetCapabilities({})),
    ifOffered(node.nodeGetInfo({})),
    ifOffered(health.check({ service: '' })),
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
  };
}

function word(names: Readonly<Record<number, string>>, value: number): string {
  return names[value] ?? `UNKNOWN_${value}`;
}

async function ifOffered<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (isStatus(error, 'UNIMPLEMENTED')) return null;
    throw error;
  }
}
