import { MesosClient } from '../../mesos/client.js';
import { listAgents } from '../../mesos/master.js';
import {
  type MesosAddress,
  type MesosFlags,
  mesosSettings,
  THIS_AGENT,
} from '../../mesos/settings.js';

/** The agents that are asked. */
export interface Agents extends Disposable {
  readonly agents: readonly MesosClient[];
  /** False where nobody said where Mesos is, and the agent of this machine is tried. */
  readonly named: boolean;
}

/**
 * Opens the agents that are named, or those that the master knows, or the one of this machine. Throws MesosError.
 */
export async function openAgents(
  flags: MesosFlags,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Agents> {
  const settings = mesosSettings(flags, env);
  const addresses = await addressesOf(settings.agents, async () => {
    if (settings.master === undefined) return undefined;
    using master = new MesosClient(settings.master, 'master', settings);
    return await listAgents(master);
  });
  const agents = (addresses ?? [THIS_AGENT]).map(
    (address) => new MesosClient(address, 'agent', settings),
  );
  return {
    agents,
    named: addresses !== undefined,
    [Symbol.dispose]() {
      for (const agent of agents) agent[Symbol.dispose]();
    },
  };
}

async function addressesOf(
  named: readonly MesosAddress[],
  ofMaster: () => Promise<readonly MesosAddress[] | undefined>,
): Promise<readonly MesosAddress[] | undefined> {
  return named.length > 0 ? named : ofMaster();
}
