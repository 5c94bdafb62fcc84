import { type Controller, locate } from './controller.js';
import { fail, VolumeError } from './errors.js';
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

/** How often another controller may change the volume in between. */
const ROUNDS = 8;

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
  for (let round = 0; round < ROUNDS; round++) {
    const image = await findImage(cluster, handle);
    if (image === undefined) return finishDeletion(controller, cluster, handle);
    if (recordOf(image, handle) === undefined) fail('not-ours', { volume: volumeId });
    refuseIfPublished(handle, image);
    if (round === 0) refuseIfWatched(handle, await watching);
    const marked = await mark(controller, cluster, handle, image);
    if (marked !== 'differs') return moveAway(controller, cluster, handle, image, marked);
  }
  fail('superseded', { volume: volumeId });
}

async function moveAway(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
  image: Image,
  marked: 'added' | 'there',
): Promise<void> {
  const moved = await controller.effect('delete/trash-image', () =>
    cluster.trashImage(handle, image.id),
  );
  if (moved === 'busy') {
    // A mark that an earlier call left may stand for a move that Ceph has not done yet.
    if (marked === 'added') await unmark(controller, cluster, handle, image.id);
    fail('volume-in-use', {
      volume: formatHandle(handle),
      users: 'a client that opened it just now',
    });
  }
  const record = image.metadata.get(RECORD_KEY);
  await controller.effect('delete/release-name', () =>
    cluster.swapName(nameKey(parseRecord(record)?.name ?? ''), record, undefined),
  );
  controller.purge.add(cluster, handle, image.id);
}

/**
 * From here on nobody can publish the volume. Each controller adds a mark of its own, and the volume can be
 * published again only when all of them are gone: one that gives up must not open the way for a publication
 * while another one is about to move the image.
 */
async function mark(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
  image: Image,
): Promise<'added' | 'there' | 'differs'> {
  const marks = marksOf(image);
  if (marks.includes(controller.id)) return 'there';
  const outcome = await controller.effect('delete/mark-deleting', () =>
    cluster.swapMetadata(
      handle,
      image.id,
      {
        [PUBLISHED_KEY]: image.metadata.get(PUBLISHED_KEY),
        [DELETING_KEY]: image.metadata.get(DELETING_KEY),
      },
      { [DELETING_KEY]: [...marks, controller.id].join(' ') },
    ),
  );
  return outcome === 'swapped' ? 'added' : 'differs';
}

/** Takes this controller's mark back. */
async function unmark(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
  imageId: string,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const image = await findImage(cluster, handle);
    if (image?.id !== imageId) return;
    const rest = marksOf(image).filter((one) => one !== controller.id);
    const outcome = await cluster.swapMetadata(
      handle,
      imageId,
      { [DELETING_KEY]: image.metadata.get(DELETING_KEY) },
      { [DELETING_KEY]: rest.join(' ') || undefined },
    );
    if (outcome !== 'differs') return;
  }
}

function marksOf(image: Image): readonly string[] {
  return (image.metadata.get(DELETING_KEY) ?? '').split(' ').filter(Boolean);
}

/** The image is gone; an index entry that a crash left is released, and its trash is looked after. */
async function finishDeletion(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
): Promise<void> {
  const key = keyOfImageName(handle.image);
  if (key === undefined) return;
  const entry = await readEntry(cluster, key);
  if (entry === undefined || parseRecord(entry)?.handle !== formatHandle(handle)) return;
  await controller.effect('delete/release-name', () => cluster.swapName(key, entry, undefined));
  controller.purge.scan();
}

/** An index whose pool is gone holds nothing that could be released. */
async function readEntry(cluster: Cluster, key: string): Promise<string | undefined> {
  try {
    return await cluster.readName(key);
  } catch (error) {
    if (error instanceof VolumeError && error.kind === 'unknown-pool') return undefined;
    throw error;
  }
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
