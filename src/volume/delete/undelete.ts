import { type Controller, mustLocate, type Volume } from '../controller.js';
import { fail } from '../errors.js';
import { formatHandle, type VolumeHandle } from '../handle.js';
import { DELETING_KEY, isDiscarded, publishedNodesOf } from '../marks.js';
import { keyOfImageName, nameKey } from '../name.js';
import {
  formatRecord,
  isRestored,
  ownRecord,
  parseRecord,
  RECORD_KEY,
  restoredRecord,
  type VolumeRecord,
} from '../record.js';
import { parseSource } from '../source.js';
import type { Cluster, Image, StoredTask } from '../store.js';
import { type ImageTask, parseTask } from '../work/tasks.js';
import { formatRestoring, parseRestoring, type Restoring } from './restoring.js';
import { tombstoneName } from './tombstone.js';

/** How often others may get in between before the caller is asked to come again. */
const ROUNDS = 8;

/** What a call works with. */
interface Undeletion {
  readonly controller: Controller;
  readonly cluster: Cluster;
  readonly handle: VolumeHandle;
}

/**
 * Takes a deleted volume back that is kept still: its index entry says so first, and takes the task of freeing it
 * away in the same operation. Of several that had the same handle it takes the one that was deleted last, unless
 * an image id says which. It can be repeated after a crash.
 */
export async function undeleteVolume(
  controller: Controller,
  volumeId: string,
  imageId: string,
): Promise<Volume> {
  const { handle, cluster } = mustLocate(controller, volumeId, undefined);
  const undeletion = { controller, cluster, handle };
  const restoring = await claimName(undeletion, imageId);
  const record =
    restoring === undefined
      ? await findRestored(undeletion, imageId)
      : await restore(undeletion, restoring);
  const image = await cluster.readImage(handle);
  if (image?.id !== record.image) fail('superseded', { volume: volumeId });
  return {
    handle,
    name: record.name,
    host: record.host,
    sizeBytes: image.sizeBytes,
    publishedNodes: publishedNodesOf(image),
    source: parseSource(record.source),
  };
}

/** From the claim to the commit. */
async function restore(undeletion: Undeletion, restoring: Restoring): Promise<VolumeRecord> {
  const { controller, cluster } = undeletion;
  const { record } = restoring;
  if (!(await writeRecord(undeletion, restoring))) return giveUp(undeletion, restoring);
  await restoreImage(undeletion, restoring);
  const key = nameKey(record.name);
  const text = formatRecord(record);
  const committed = await controller.effect('undelete/commit-name', () =>
    cluster.names.swap(key, formatRestoring(restoring), text),
  );
  if (committed !== 'swapped' && (await cluster.names.read(key)) !== text)
    fail('superseded', { volume: record.handle });
  return record;
}

/** The volume that an earlier call took back, whose answer was lost. */
async function findRestored(
  { cluster, handle }: Undeletion,
  imageId: string,
): Promise<VolumeRecord> {
  const volume = formatHandle(handle);
  const key = keyOfImageName(handle.image);
  const record = key === undefined ? undefined : parseRecord(await cluster.names.read(key));
  if (record?.handle !== volume || !isRestored(record)) fail('not-in-trash', { volume });
  if (imageId !== '' && record.image !== imageId) fail('not-in-trash', { volume });
  return record;
}

/** Takes the name for the volume, or goes on with what an earlier call began; undefined where there is neither. */
async function claimName(undeletion: Undeletion, imageId: string): Promise<Restoring | undefined> {
  const { controller, cluster, handle } = undeletion;
  const volume = formatHandle(handle);
  for (let round = 0; round < ROUNDS; round++) {
    // Another one of that name may be kept beside the one that an earlier call began with.
    const begun = await findUnfinished(cluster, handle, imageId);
    if (begun !== undefined) return begun;
    const found = await findDeleted(cluster, volume, imageId);
    if (found === undefined) return findUnfinished(cluster, handle, imageId);
    const { stored, task, image } = found;
    if (task.begun) fail('being-freed', { volume });
    const record = ownRecord(image);
    if (record === undefined) fail('not-in-trash', { volume });
    const { key, ...taken } = stored;
    const entry = await cluster.names.read(key);
    const unfinished = parseRestoring(entry);
    if (unfinished !== undefined) {
      if (unfinished.record.image === task.imageId) continue;
      fail('being-restored', { volume: unfinished.record.handle });
    }
    // A deletion that met an undeletion may have left the entry.
    if (entry && parseRecord(entry)?.image !== task.imageId)
      fail('volume-exists', {
        name: task.name,
        volume,
        difference: 'other data, made after the deletion',
      });
    const restoring = { record: restoredRecord(record), task: taken };
    const claimed = await controller.effect('undelete/claim-name', () =>
      cluster.names.swap(key, entry, formatRestoring(restoring), { take: [taken] }),
    );
    if (claimed === 'swapped') return restoring;
  }
  return fail('superseded', { volume });
}

interface Deleted {
  readonly stored: StoredTask;
  readonly task: ImageTask;
  readonly image: Image;
}

/** The deleted volume that is meant; what a creation threw away was none. */
async function findDeleted(
  cluster: Cluster,
  volumeId: string,
  imageId: string,
): Promise<Deleted | undefined> {
  const found: Deleted[] = [];
  for (const stored of await cluster.names.listTasks()) {
    const task = parseTask(stored.value);
    if (task?.kind !== 'image' || task.handle !== volumeId) continue;
    if (imageId !== '' && task.imageId !== imageId) continue;
    const image = await cluster.readImageById(task, task.imageId);
    if (image !== undefined && !isDiscarded(image)) found.push({ stored, task, image });
  }
  return found.sort((left, right) => right.task.deleted - left.task.deleted)[0];
}

/** The undeletion of this volume that an earlier call began. */
async function findUnfinished(
  cluster: Cluster,
  handle: VolumeHandle,
  imageId: string,
): Promise<Restoring | undefined> {
  const key = keyOfImageName(handle.image);
  const restoring = key === undefined ? undefined : parseRestoring(await cluster.names.read(key));
  if (restoring?.record.handle !== formatHandle(handle)) return undefined;
  return imageId === '' || restoring.record.image === imageId ? restoring : undefined;
}

/**
 * The image gets its new record and loses the marks of its deletion, before anybody can find it by its name. False
 * where it is gone: somebody emptied the trash.
 */
async function writeRecord(
  { controller, cluster, handle }: Undeletion,
  { record }: Restoring,
): Promise<boolean> {
  const text = formatRecord(record);
  for (let round = 0; round < ROUNDS; round++) {
    const image = await cluster.readImageById(handle, record.image);
    if (image === undefined) return false;
    const { metadata } = image;
    // Marks that came later are of those who delete it again.
    if (metadata.get(RECORD_KEY) === text) return true;
    const written = await controller.effect('undelete/write-record', () =>
      cluster.swapMetadata(
        handle,
        image.id,
        {
          [RECORD_KEY]: metadata.get(RECORD_KEY),
          [DELETING_KEY]: metadata.get(DELETING_KEY),
        },
        { [RECORD_KEY]: text, [DELETING_KEY]: undefined },
      ),
    );
    if (written === 'swapped') return true;
  }
  return fail('superseded', { volume: record.handle });
}

/**
 * Gives the image its name back, out of the trash or its tombstone. Both are done again where the name is back
 * already: a call that was cut short may have left it in the trash too, or its tombstone's name.
 */
async function restoreImage(undeletion: Undeletion, restoring: Restoring): Promise<void> {
  const { controller, cluster, handle } = undeletion;
  const { record } = restoring;
  const tombstone = tombstoneName(record.image);
  const name = await cluster.nameOf(handle, record.image);
  if (name !== tombstone) {
    const restored = await controller.effect('undelete/restore-image', () =>
      cluster.restoreImage(handle, record.image),
    );
    if (restored === 'exists') return giveUp(undeletion, restoring);
  }
  if (name !== undefined) {
    const renamed = await controller.effect('undelete/unbury-image', () =>
      cluster.renameImage({ ...handle, image: tombstone }, record.image, handle.image),
    );
    if (renamed === 'gone' && name === tombstone) return giveUp(undeletion, restoring);
  }
}

/** The volume stays deleted: its image is gone, or another one has the name, which Pannier did not make. */
async function giveUp(
  { controller, cluster, handle }: Undeletion,
  restoring: Restoring,
): Promise<never> {
  const { record, task } = restoring;
  await controller.effect('undelete/give-up', () =>
    cluster.names.swap(nameKey(record.name), formatRestoring(restoring), undefined, {
      put: [task],
    }),
  );
  if ((await cluster.readImageById(handle, record.image)) === undefined)
    fail('not-in-trash', { volume: record.handle });
  return fail('volume-exists', {
    name: record.name,
    volume: record.handle,
    difference: 'an image of that name, which Pannier did not make',
  });
}
