import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../volume/errors.js';
import type { VolumeHandle } from '../volume/handle.js';
import type { Cluster, Image } from '../volume/store.js';
import { usersOf } from '../volume/users.js';

const POLL_MS = 250;
/** A controller that grows an image has it open for a moment. */
const PASSING_MS = 3_000;
/** Ceph forgets a client that died after 30 s (osd_client_watch_timeout). */
const DEAD_CLIENT_MS = 40_000;

interface Watched {
  readonly volumeId: string;
  readonly handle: VolumeHandle;
  readonly image: Image;
}

/**
 * One writer is one writer: waits until no client has the image open but the `own` ones of this node, and
 * fails with volume-in-use where one keeps it. With `died`, a client of this node's may be a dead one that
 * Ceph has not forgotten yet: writing before it has would only stall.
 */
export async function waitForStrangers(
  cluster: Cluster,
  { volumeId, handle, image }: Watched,
  own: number,
  died: boolean,
): Promise<void> {
  const start = Date.now();
  for (;;) {
    const watchers = await usersOf(cluster, handle, image.id);
    if (watchers.length <= own && own === 0) return;
    const ours = `${await cluster.address()}:`;
    const here = watchers.filter(({ address }) => address.startsWith(ours));
    const elsewhere = watchers.filter(({ address }) => !address.startsWith(ours));
    if (elsewhere.length === 0 && here.length <= own) return;
    const limit = died && elsewhere.length === 0 ? DEAD_CLIENT_MS : PASSING_MS;
    if (Date.now() - start >= limit) {
      const strangers = elsewhere.length > 0 ? elsewhere : here;
      fail('volume-in-use', {
        volume: volumeId,
        users: `client ${strangers.map(({ address }) => address).join(', ')}`,
      });
    }
    await sleep(POLL_MS);
  }
}
