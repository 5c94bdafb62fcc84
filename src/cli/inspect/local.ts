import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readAgent } from '../../nomad/agent.js';
import type { NomadClient } from '../../nomad/client.js';
import { NomadError, wordsOf } from '../../nomad/errors.js';
import { listPlugins, readPlugin } from '../../nomad/plugins.js';
import { clientHere } from '../check/machine.js';

/** Sockets of CSI plugins that Nomad runs on this very machine. */
export interface LocalPlugins {
  readonly controllers: readonly string[];
  readonly nodes: readonly string[];
  /** Why they are not known, where the token may not know. */
  readonly hidden: string | undefined;
}

export const NONE: LocalPlugins = { controllers: [], nodes: [], hidden: undefined };

/** The same; none where the agent that is asked is no client, is elsewhere, or may not tell. */
export async function localPlugins(nomad: NomadClient): Promise<LocalPlugins> {
  try {
    return await find(nomad);
  } catch (error) {
    const denied = error instanceof NomadError && error.code === 'PERMISSION_DENIED';
    return { ...NONE, hidden: denied ? wordsOf(error) : undefined };
  }
}

async function find(nomad: NomadClient): Promise<LocalPlugins> {
  const client = clientHere(await readAgent(nomad));
  if (client === undefined) return NONE;
  const { nodeId, stateDir } = client;
  const socket = (allocation: string | undefined) => {
    const path = join(stateDir, 'csi', 'plugins', allocation ?? '-', 'csi.sock');
    return existsSync(path) ? [`unix://${path}`] : [];
  };
  const { document: stubs } = await listPlugins(nomad);
  const plugins = await Promise.all(stubs.map(({ ID }) => readPlugin(nomad, ID)));
  return {
    controllers: plugins.flatMap((one) => socket(one?.document.Controllers[nodeId]?.AllocID)),
    nodes: plugins.flatMap((one) => socket(one?.document.Nodes[nodeId]?.AllocID)),
    hidden: undefined,
  };
}
