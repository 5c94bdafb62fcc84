import { fail } from '../errors.js';
import { formatHandle, type VolumeHandle } from '../handle.js';
import { parseObject } from '../json.js';
import { heldOf, publicationsOf } from '../marks.js';
import type { Cluster, Image, Watcher } from '../store.js';
import { usersOf } from '../users.js';

/** Fails with volume-in-use where a controller published the volume to a node. */
export function refuseIfPublished(handle: VolumeHandle, image: Image): void {
  const nodes = Object.keys(heldOf(publicationsOf(image, handle)));
  if (nodes.length > 0)
    fail('volume-in-use', {
      volume: formatHandle(handle),
      users: `node ${nodes.map((node) => `"${node}"`).join(', ')}`,
    });
}

/** Fails with volume-in-use where a client has the image open. */
export async function refuseIfUsed(
  cluster: Cluster,
  handle: VolumeHandle,
  image: Image,
): Promise<void> {
  const users = await usersOf(cluster, handle, image.id);
  if (users.length > 0)
    fail('volume-in-use', {
      volume: formatHandle(handle),
      users: await describeUsers(cluster, users),
    });
}

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
