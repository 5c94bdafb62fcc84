import { type Controller, locate } from '../controller.js';
import { helperTasks, parseClaim } from '../create/claim.js';
import { fail, VolumeError } from '../errors.js';
import { findImage } from '../find.js';
import { formatHandle, type VolumeHandle } from '../handle.js';
import { isOwn, refuseToDelete } from '../host.js';
import {
  DELETING_KEY,
  deletersOf,
  formatDeleters,
  isBeingDeleted,
  PUBLISHED_KEY,
} from '../marks.js';
import { keyOfImageName, nameKey } from '../name.js';
import { formatRecord, parseRecord, RECORD_KEY, recordOf, type VolumeRecord } from '../record.js';
import type { Cluster, Credentials, Image, StoredTask } from '../store.js';
import { usersOf } from '../users.js';
import { freeing, freeingOfUnnamed } from './freeing.js';
import { parseRestoring } from './restoring.js';
import { tombstoneName } from './tombstone.js';
import { describeUsers, refuseIfPublished, refuseIfUsed } from './users.js';

/** How often another controller may change the volume in between. */
const ROUNDS = 8;

/**
 * DeleteVolume. The image leaves the listing at once and its space is freed in the background. One with snapshots
 * stays under another name until they let it go. A volume in use is FAILED_PRECONDITION: Nomad sends DeleteVolume
 * before it looks at its own claims.
 */
export async function deleteVolume(
  controller: Controller,
  volumeId: string,
  credentials: Credentials | undefined,
): Promise<void> {
  const located = locate(controller, volumeId, credentials);
  if (located === undefined) return;
  const { handle } = located;
  await removeVolume(controller, located, (image) => {
    const record = recordOf(image, handle);
    if (record !== undefined) refuseToDelete(controller, handle, record);
    return true;
  });
  controller.remembered?.gone(volumeId);
}

/**
 * Finishes a deletion that was cut short after its mark. A volume that nobody deletes any more is left alone: false.
 * Fails as DeleteVolume does where the volume is in use.
 */
export async function finishMarked(controller: Controller, volumeId: string): Promise<boolean> {
  const located = locate(controller, volumeId, undefined);
  return located !== undefined && removeVolume(controller, located, isBeingDeleted);
}

/** False where there is an image that is not `wanted` gone. */
async function removeVolume(
  controller: Controller,
  { handle, cluster }: { readonly handle: VolumeHandle; readonly cluster: Cluster },
  wanted: (image: Image) => boolean,
): Promise<boolean> {
  // Both are only read, and each takes Ceph several turns. How it fails matters only where there is an image.
  const watching = cluster.watchers(handle);
  watching.catch(() => undefined);
  for (let round = 0; round < ROUNDS; round++) {
    const image = await findImage(cluster, handle);
    if (image === undefined) {
      if (await finishDeletion(controller, cluster, handle)) return true;
      continue;
    }
    if (!wanted(image)) return false;
    const record = recordOf(image, handle);
    if (record === undefined) fail('not-ours', { volume: formatHandle(handle) });
    refuseIfPublished(handle, image);
    if (round === 0 && (await watching).length > 0) await refuseIfUsed(cluster, handle, image);
    const marked = await mark(controller, cluster, handle, image);
    if (marked !== 'differs') {
      await moveAway({ controller, cluster, handle, image, record }, marked);
      return true;
    }
  }
  fail('superseded', { volume: formatHandle(handle) });
}

/** What a deletion works with, from the mark on. */
interface Deletion {
  readonly controller: Controller;
  readonly cluster: Cluster;
  readonly handle: VolumeHandle;
  readonly image: Image;
  readonly record: VolumeRecord;
}

async function moveAway(
  { controller, cluster, handle, image, record }: Deletion,
  marked: 'added' | 'there',
): Promise<void> {
  const [users, snapshots, entry] = await Promise.all([
    usersOf(cluster, handle, image.id),
    cluster.snapshots(handle, image.id),
    cluster.names.read(nameKey(record.name)),
  ]);
  if (parseRestoring(entry)?.record.image === image.id) {
    if (marked === 'added') await unmark(controller, cluster, handle, image.id);
    fail('being-restored', { volume: formatHandle(handle) });
  }
  if (users.length > 0) {
    // A mark that an earlier call left may stand for a move that Ceph has not done yet.
    if (marked === 'added') await unmark(controller, cluster, handle, image.id);
    fail('volume-in-use', {
      volume: formatHandle(handle),
      users: await describeUsers(cluster, users),
    });
  }
  const until = Date.now() + controller.retentionMs;
  const moved =
    snapshots === undefined || snapshots.length === 0
      ? await controller.effect('delete/trash-image', () =>
          cluster.trashImage(handle, image.id, new Date(until)),
        )
      : await controller.effect('delete/bury-image', () =>
          cluster.renameImage(handle, image.id, tombstoneName(image.id)),
        );
  const task = freeing(controller, handle, record);
  const isReleased = await release(controller, cluster, record, formatRecord(record), [task]);
  // Another call moved the image, and releases the name too; or else the entry is another's, and the image is left.
  if (!isReleased && moved !== 'gone') await leave(controller, cluster, record, task);
}

type Task = Pick<StoredTask, 'id' | 'value'>;

/** Frees the name, and leaves the rest to the background in the same operation. */
async function release(
  controller: Controller,
  cluster: Cluster,
  { name }: VolumeRecord,
  entry: string,
  put: readonly Task[],
): Promise<boolean> {
  const key = nameKey(name);
  const released = await controller.effect('delete/release-name', () =>
    cluster.names.swap(key, entry, undefined, { put }),
  );
  if (released !== 'swapped') return false;
  for (const task of put) controller.work.add(cluster.name, 'names', { key, ...task });
  return true;
}

/**
 * What an entry leaves to the background, where it is the image's: it was deleted by another call and taken back
 * before this call moved it, or its creation has yet to commit it, and must not any more. Undefined where it is not.
 */
function tasksOf(entry: string, { claim, image }: VolumeRecord): Task[] | undefined {
  if (parseRecord(entry)?.image === image) return [];
  const under = parseClaim(entry);
  return under?.pending.claim === claim ? helperTasks(under) : undefined;
}

/** Leaves an image to the background whose record the index does not have. */
async function leave(
  controller: Controller,
  cluster: Cluster,
  record: VolumeRecord,
  task: Task,
): Promise<void> {
  const key = nameKey(record.name);
  for (let round = 0; round < ROUNDS; round++) {
    const entry = await cluster.names.read(key);
    const tasks = entry === undefined ? undefined : tasksOf(entry, record);
    if (entry === undefined || tasks === undefined) break;
    if (await release(controller, cluster, record, entry, [task, ...tasks])) return;
  }
  await controller.effect('delete/leave-image', () =>
    cluster.names.swapTask({ key, id: task.id }, undefined, task.value),
  );
  controller.work.add(cluster.name, 'names', { key, ...task });
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
  const deleters = deletersOf(image);
  if (deleters.includes(controller.id)) return 'there';
  const outcome = await controller.effect('delete/mark-deleting', () =>
    cluster.swapMetadata(
      handle,
      image.id,
      {
        [PUBLISHED_KEY]: image.metadata.get(PUBLISHED_KEY),
        [DELETING_KEY]: image.metadata.get(DELETING_KEY),
        // Its host may be another one by now.
        [RECORD_KEY]: image.metadata.get(RECORD_KEY),
      },
      { [DELETING_KEY]: formatDeleters(image, [...deleters, controller.id]) },
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
    const rest = deletersOf(image).filter((one) => one !== controller.id);
    const outcome = await controller.effect('delete/unmark', () =>
      cluster.swapMetadata(
        handle,
        imageId,
        { [DELETING_KEY]: image.metadata.get(DELETING_KEY) },
        { [DELETING_KEY]: formatDeleters(image, rest) },
      ),
    );
    if (outcome !== 'differs') return;
  }
}

/**
 * The image is gone; an index entry that a crash left is released, and what is left of the image with it. False
 * where it is back by now.
 */
async function finishDeletion(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
): Promise<boolean> {
  const key = keyOfImageName(handle.image);
  if (key === undefined) return true;
  const entry = await readEntry(cluster, key);
  const record = parseRecord(entry);
  if (entry === undefined || record?.handle !== formatHandle(handle)) return true;
  if (!isOwn(controller, record)) return true;
  // The entry may be younger than the look at the image: of a volume that was made anew or taken back.
  if ((await findImage(cluster, handle)) !== undefined) return false;
  const put = await freeingOfUnnamed(controller, cluster, record);
  await release(controller, cluster, record, entry, put);
  return true;
}

/** An index whose pool is gone holds nothing that could be released. */
async function readEntry(cluster: Cluster, key: string): Promise<string | undefined> {
  try {
    return await cluster.names.read(key);
  } catch (error) {
    if (error instanceof VolumeError && error.kind === 'unknown-pool') return undefined;
    throw error;
  }
}
