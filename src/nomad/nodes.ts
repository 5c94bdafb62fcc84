import type { Answer, NomadClient, ReadOptions } from './client.js';
import type { PluginInstance } from './plugins.js';

/** What Nomad tells of a client node in a list. */
export interface NodeStub {
  readonly ID: string;
  readonly Name: string;
  readonly Address: string;
  readonly Datacenter: string;
  /** initializing, ready, down or disconnected. */
  readonly Status: string;
  readonly StatusDescription: string;
  /** eligible or ineligible. */
  readonly SchedulingEligibility: string;
  readonly Drain: boolean;
  readonly Version: string;
  readonly Drivers?: Readonly<Record<string, DriverInfo>> | null;
}

export interface DriverInfo {
  readonly Detected: boolean;
  readonly Healthy: boolean;
  readonly HealthDescription: string;
  readonly Attributes?: Readonly<Record<string, string>> | null;
}

export interface NomadNode extends NodeStub {
  readonly HTTPAddr: string;
  readonly Attributes: Readonly<Record<string, string>>;
  readonly Meta: Readonly<Record<string, string>>;
  /** By the plugin's ID. */
  readonly CSIControllerPlugins: Readonly<Record<string, PluginInstance>>;
  readonly CSINodePlugins: Readonly<Record<string, PluginInstance>>;
}

const NEEDS = 'node { policy = "read" }';

/** All client nodes, or those whose ID begins so. */
export async function listNodes(
  nomad: NomadClient,
  { prefix, ...options }: ReadOptions & { readonly prefix?: string } = {},
): Promise<Answer<readonly NodeStub[]>> {
  const answer = await nomad.read<readonly NodeStub[] | null>('/v1/nodes', {
    ...options,
    query: { prefix: prefix || undefined },
    needs: NEEDS,
  });
  return { ...answer, document: answer.document ?? [] };
}

/** A node by its whole ID, or undefined where Nomad has none. */
export async function readNode(
  nomad: NomadClient,
  id: string,
  options: ReadOptions = {},
): Promise<Answer<NomadNode> | undefined> {
  const path = `/v1/node/${encodeURIComponent(id)}`;
  const answer = await nomad.find<Partial<NomadNode>>(path, { ...options, needs: NEEDS });
  if (answer === undefined) return undefined;
  const document = answer.document as NomadNode;
  const { Attributes, Meta, CSIControllerPlugins, CSINodePlugins } = answer.document;
  return {
    ...answer,
    document: {
      ...document,
      Attributes: Attributes ?? {},
      Meta: Meta ?? {},
      CSIControllerPlugins: CSIControllerPlugins ?? {},
      CSINodePlugins: CSINodePlugins ?? {},
    },
  };
}
