import type { MesosClient } from './client.js';
import { addressOf, type MesosAddress } from './settings.js';

/** Where the agents are that a master knows. They speak TLS where it does. */
export async function listAgents(master: MesosClient): Promise<readonly MesosAddress[]> {
  const { agents = [] } = await master.ask<{
    readonly agents: ReadonlyArray<{
      readonly agent_info: { readonly hostname: string; readonly port?: number };
    }>;
  }>({ type: 'GET_AGENTS' });
  return agents.map(({ agent_info: { hostname, port = 5051 } }) =>
    addressOf(master.address.tls, hostname, port),
  );
}
