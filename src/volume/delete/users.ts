import { parseObject } from '../json.js';
import type { Cluster, Watcher } from '../store.js';

/** Clients of an image in words: each one's address, and the nodes that said that they speak from there. */
export async function describeUsers(cluster: Cluster, users: readonly Watcher[]): Promise<string> {
  const nodes = [...(await cluster.listNodes().catch(() => new Map<string, string>()))];
  const described = users.map(({ address }) => {
    const at = nodes.filter(([, text]) => parseObject(text)?.address === hostOf(address));
    const names = at.map(([node]) => `"${node}"`).join(' or ');
    return names === '' ? `client ${address}` : `client ${address} on node ${names}`;
  });
  return described.join(', ');
}

/** The IP address in "192.0.2.1:0/123" or "[2001:db8::1]:0/123". */
export function hostOf(address: string): string {
  return address.replace(/:\d+\/\d+$/, '').replace(/^\[|\]$/g, '');
}
