import type { NomadClient } from './client.js';

/** What an agent says of itself. */
export interface AgentSelf {
  readonly config: Readonly<Record<string, unknown>> & {
    readonly Region?: string;
    readonly Datacenter?: string;
    readonly Version?: { readonly Version?: string };
  };
  readonly member: Readonly<Record<string, unknown>>;
  readonly stats: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The agent that is asked, with its configuration. */
export async function readAgent(nomad: NomadClient): Promise<AgentSelf> {
  const { document } = await nomad.read<Partial<AgentSelf>>('/v1/agent/self', {
    needs: 'agent { policy = "read" }',
  });
  return {
    config: document.config ?? {},
    member: document.member ?? {},
    stats: document.stats ?? {},
  };
}

/** A server of the cluster, as the others see it. */
export interface ServerMember {
  readonly Name: string;
  /** alive, leaving, left or failed. */
  readonly Status: string;
  /** "build" is its version. */
  readonly Tags: Readonly<Record<string, string>>;
}

/** The servers of the agent's region. */
export async function listServers(nomad: NomadClient): Promise<readonly ServerMember[]> {
  const { document } = await nomad.read<{ readonly Members?: readonly ServerMember[] | null }>(
    '/v1/agent/members',
    { needs: 'node { policy = "read" }' },
  );
  return document.Members ?? [];
}

/** The regions that the agent knows, its own among them. Anybody may ask. */
export async function listRegions(nomad: NomadClient): Promise<readonly string[]> {
  const { document } = await nomad.read<readonly string[] | null>('/v1/regions', {
    needs: 'nothing',
  });
  return document ?? [];
}

/** The address of the leader; '' where there is none. Anybody may ask. */
export async function readLeader(nomad: NomadClient): Promise<string> {
  const { document } = await nomad.read<string>('/v1/status/leader', { needs: 'nothing' });
  return document;
}
