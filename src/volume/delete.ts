import { type Controller, locate } from './controller.js';
import { fail } from './errors.js';
import { findImage } from './find.js';
import { formatHandle, type VolumeHandle } from './handle.js';
import { keyOfImageName, nameKey } from './name.js';
import {
  DELETING_KEY,
  PUBLISHED_KEY,
  parseRecord,
  publicationsOf,
  RECORD_KEY,
  recordOf,
} from './record.js';
import type { Cluster, Credentials, Image, Watcher } from './store.js';

/**
 * DeleteVolume. The image leaves the listing at once and its space is freed in the background. A volume in
 * use is FAILED_PRECONDITION: Nomad sends DeleteVolume before it looks at its own claims.
 */
export async function deleteVolume(
  controller: Controller,
  volumeId: string,
  credentials: Credentials | undefined,
): Promise<void> {
  const located = locate(controller, volumeId, credentials);
  if (located === undefined) return;
  const { handle, cluster } = located;
  // Both are only read, and each takes Ceph several turns. How it fails matters only where there is an image.
  const watching = cluster.watchers(handle);
  watching.catch(() => undefined);
  const image = await findImage(cluster, handle);
  if (image === undefined) return finishDeletion(controller, cluster, handle);
  const record = recordOf(image, handle);
  if (record === undefined) fail('not-ours', { volume: volumeId });

  refuseIfPublished(handle, image);
  refuseIfWatched(handle, await watching);
  await mark(controller, cluster, handle, image);
  const moved = await controller.effect('delete/trash-image', () =>
    cluster.trashImage(handle, image.id),
  );
  if (moved === 'busy') {
    await unmark(cluster, handle, image);
    fail('volume-in-use', { volume: volumeId, users: 'a client that opened it just now' });
  }
  await controller.effect('delete/release-name', () =>
    cluster.swapName(nameKey(record.name), image.metadata.get(RECORD_KEY), undefined),
  );
  controller.purge.add(cluster, handle, image.id);
}

/** From here on nobody can publish the volume; where somebody just did, the deletion ends. */
async function mark(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
  image: Image,
): Promise<void> {
  if (image.metadata.has(DELETING_KEY)) return;
  const marked = await controller.effect('delete/mark-deleting', () =>
    cluster.swapMetadata(
      handle,
      image.id,
      { [PUBLISHED_KEY]: image.metadata.get(PUBLISHED_KEY), [DELETING_KEY]: undefined },
      { [DELETING_KEY]: new Date().toISOString() },
    ),
  );
  if (marked === 'differs') fail('superseded', { volume: formatHandle(handle) });
}

async function unmark(cluster: Cluster, handle: VolumeHandle, image: Image): Promise<void> {
  await cluster.swapMetadata(handle, image.id, {}, { [DELETING_KEY]: undefined });
}

/** The image is gone; an index entry that a crash left is released, and its trash is looked after. */
async function finishDeletion(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
): Promise<void> {
  const key = keyOfImageName(handle.image);
  if (key === undefined) return;
  const entry = await cluster.readName(key);
  if (entry === undefined || parseRecord(entry)?.handle !== formatHandle(handle)) return;
  await controller.effect('delete/release-name', () => cluster.swapName(key, entry, undefined));
  controller.purge.scan();
}

function refuseIfPublished(handle: VolumeHandle, image: Image): void {
  const nodes = Object.keys(publicationsOf(image));
  if (nodes.length > 0)
    fail('volume-in-use', {
      volume: formatHandle(handle),
      users: `node ${nodes.map((node) => `"${node}"`).join(', ')}`,
    });
}

function refuseIfWatched(handle: VolumeHandle, watchers: readonly Watcher[]): void {
  if (watchers.length > 0)
    fail('volume-in-use', {
      volume: formatHandle(handle),
      users: `client ${watchers.map((watcher) => watcher.address).join(', ')}`,
    });
}
