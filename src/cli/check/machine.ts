import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentSelf } from '../../nomad/agent.js';
import type { Machine } from '../../nomad/check/view.js';

const DEVICES = ['/dev/fuse', '/dev/loop-control'];

/** This machine, where the agent is a client on it; undefined where it is none, or elsewhere. */
export async function thisMachine(agent: AgentSelf): Promise<Machine | undefined> {
  const client = clientHere(agent);
  if (client === undefined) return undefined;
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  return {
    ...client,
    shared: isShared(mounts, client.stateDir),
    missingDevices: DEVICES.filter((path) => !existsSync(path)),
  };
}

/** The client that an agent is, and where it keeps its state, where that is a folder of this machine. */
export function clientHere({
  config,
  stats,
}: AgentSelf): { readonly nodeId: string; readonly stateDir: string } | undefined {
  const nodeId = stats.client?.node_id;
  const { DataDir, Client } = config as {
    readonly DataDir?: string;
    readonly Client?: { readonly StateDir?: string };
  };
  const stateDir = Client?.StateDir || (DataDir ? join(DataDir, 'client') : '');
  if (nodeId === undefined || stateDir === '' || !existsSync(stateDir)) return undefined;
  return { nodeId, stateDir };
}

/** Whether the mount that holds a path is shared, as /proc/self/mountinfo tells (proc(5)). */
export function isShared(mountinfo: string, path: string): boolean {
  const holding = mountinfo
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , , , at = '']) => path === at || path.startsWith(at === '/' ? '/' : `${at}/`))
    .sort(([, , , , a = ''], [, , , , b = '']) => a.length - b.length)
    .at(-1);
  const optional = holding?.slice(6, holding.indexOf('-')) ?? [];
  return optional.some((field) => field.startsWith('shared:'));
}
