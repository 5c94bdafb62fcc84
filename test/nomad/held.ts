import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { heldOf } from '../../src/volume/marks.js';
import { specOf } from '../lab/bytes.js';
import { mountsBelow } from '../lab/folder.js';
import { PLUGIN, type Site } from './site.js';
import { readVolume } from './volumes.js';

const LIMIT_MS = 120_000;

/** Who has a volume, by each of those that can tell. */
export interface Held {
  /** The nodes of the allocations that have a claim in Nomad, by their clients' names. */
  readonly claims: readonly string[];
  /** Those that a controller has published it to, and that have not given it up. */
  readonly published: readonly string[];
  /** How many clients of Ceph's have the image open. */
  readonly watchers: number;
  /** Where it is staged, as the kernel tells it. */
  readonly staged: readonly string[];
}

export const NOBODY: Held = { claims: [], published: [], watchers: 0, staged: [] };

/** One client has it, and nobody else. */
export function only(client: string): Held {
  return { claims: [client], published: [client], watchers: 1, staged: [client] };
}

export async function heldBy(site: Site, id: string): Promise<Held> {
  const { nomad, ceph } = site;
  const { ExternalID, ReadAllocs, WriteAllocs } = await readVolume(nomad, id);
  const claims = await Promise.all(
    Object.keys({ ...ReadAllocs, ...WriteAllocs }).map(async (allocation) => {
      const { NodeID } = await nomad
        .get<{ NodeID: string }>(`/v1/allocation/${allocation}`)
        .catch(() => ({ NodeID: `of forgotten allocation ${allocation}` }));
      return nameOf(site, NodeID);
    }),
  );
  const spec = specOf(ExternalID);
  const status = await ceph.rbd('status', '--format=json', spec);
  // This is a watcher too while it looks.
  const metadata = await ceph.rbd('image-meta', 'ls', '--format=json', spec);
  const published = (JSON.parse(metadata) as Record<string, string>)['pannier.published'];
  return {
    claims,
    published: Object.keys(heldOf(JSON.parse(published ?? '{"nodes":{}}').nodes)).map((node) =>
      nameOf(site, node),
    ),
    watchers: (JSON.parse(status) as { watchers: unknown[] }).watchers.length,
    staged: stagedOn(site, id),
  };
}

/** The clients on which a volume is staged, once for each mount. */
export function stagedOn({ nomad }: Site, id: string): string[] {
  return nomad.clients.flatMap((client) =>
    mountsBelow(join(client.publishDir(PLUGIN), 'staging', 'default', id)).map(() => client.name),
  );
}

/** Waits until those have a volume who should, or may, and returns who has it at last. */
export async function untilHeld(
  site: Site,
  id: string,
  ...accepted: readonly Held[]
): Promise<Held> {
  let held = await heldBy(site, id);
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; held = await heldBy(site, id)) {
    if (accepted.some((one) => isDeepStrictEqual(held, one))) break;
    await sleep(200);
  }
  return held;
}

/** Looks all the time on how many clients a volume is staged, until it is told to end; returns the most there were. */
export function watchStaging(site: Site, id: string): () => Promise<number> {
  let most = 0;
  let goesOn = true;
  const watching = (async () => {
    for (; goesOn; await sleep(25)) most = Math.max(most, stagedOn(site, id).length);
    return most;
  })();
  return () => {
    goesOn = false;
    return watching;
  };
}

function nameOf({ nomad }: Site, node: string): string {
  return nomad.clients.find(({ nodeId }) => nodeId === node)?.name ?? node;
}
