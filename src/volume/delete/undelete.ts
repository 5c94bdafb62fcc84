import { type Controller, mustLocate, type Volume } from '../controller.js';
import { fail } from '../errors.js';
import { formatHandle, type VolumeHandle } from '../handle.js';
import { DELETING_KEY, publishedNodesOf } from '../marks.js';
import { keyOfImageName, nameKey } from '../name.js';
import { formatRecord, ownRecord, type VolumeRecord } from '../record.js';
import { parseSource } from '../source.js';
import type { Cluster, StoredTask } from '../store.js';
import { type ImageTask, parseTask } from '../work/tasks.js';
import { formatRestoring, parseRestoring } from './restoring.js';
import { tombstoneName } from './tombstone.js';

/** What a call works with. */
interface Undeletion {
  readonly controller: Controller;
  readonly cluster: Cluster;
  readonly handle: VolumeHandle;
  readonly key: string;
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
  const found = await findDeleted(cluster, volumeId, imageId);
  const record = found === undefined ? undefined : await claimName(controller, cluster, found);
  const restoring = record ?? (await findUnfinished(cluster, handle));
  if (restoring === undefined) fail('not-in-trash', { volume: volumeId });
  const undeletion = { controller, cluster, handle, key: nameKey(restoring.name) };
  await restoreImage(undeletion, restoring, found);
  await unmark(undeletion, restoring);
  const committed = await controller.effect('undelete/commit-name', () =>
    cluster.names.swap(undeletion.key, formatRestoring(restoring), formatRecord(restoring)),
  );
  if (committed !== 'swapped') fail('superseded', { volume: volumeId });
  const image = await cluster.readImage(handle);
  if (image === undefined) fail('superseded', { volume: volumeId });
  return {
    handle,
    name: restoring.name,
    sizeBytes: image.sizeBytes,
    publishedNodes: publishedNodesOf(image),
    source: parseSource(restoring.source),
  };
}

interface Deleted {
  readonly stored: StoredTask;
  readonly task: ImageTask;
}

async function findDeleted(
  cluster: Cluster,
  volumeId: string,
  imageId: string,
): Promise<Deleted | undefined> {
  const found: Deleted[] = [];
  for (const stored of await cluster.names.listTasks()) {
    const task = parseTask(stored.value);
    if (task?.kind !== 'image' || task.handle !== volumeId) continue;
    if (imageId === '' || task.imageId === imageId) found.push({ stored, task });
  }
  return found.sort((left, right) => right.task.deleted - left.task.deleted)[0];
}

/** The undeletion of this volume that an earlier call began. */
async function findUnfinished(
  cluster: Cluster,
  handle: VolumeHandle,
): Promise<VolumeRecord | undefined> {
  const key = keyOfImageName(handle.image);
  const record = key === undefined ? undefined : parseRestoring(await cluster.names.read(key));
  return record && record.handle === formatHandle(handle) ? record : undefined;
}

async function claimName(
  controller: Controller,
  cluster: Cluster,
  { stored, task }: Deleted,
): Promise<VolumeRecord> {
  if (task.begun) fail('being-freed', { volume: task.handle });
  const image = await cluster.readImageById(task, task.imageId);
  const record = image && ownRecord(image);
  if (record === undefined) fail('not-in-trash', { volume: task.handle });
  const claimed = await controller.effect('undelete/claim-name', () =>
    cluster.names.swap(stored.key, undefined, formatRestoring(record), { take: [stored] }),
  );
  if (claimed === 'swapped') return record;
  const entry = await cluster.names.read(stored.key);
  if (entry === undefined || entry === '') fail('superseded', { volume: task.handle });
  return fail('volume-exists', {
    name: task.name,
    volume: task.handle,
    difference: 'other data, made after the deletion',
  });
}

/** Gives the image its name back, out of the trash or its tombstone. */
async function restoreImage(
  { controller, cluster, handle, key }: Undeletion,
  record: VolumeRecord,
  found: Deleted | undefined,
): Promise<void> {
  const name = await cluster.nameOf(handle, record.image);
  if (name === handle.image) return;
  const tombstone = tombstoneName(record.image);
  const outcome =
    name === tombstone
      ? await controller.effect('undelete/unbury-image', () =>
          cluster.renameImage({ ...handle, image: tombstone }, record.image, handle.image),
        )
      : await controller.effect('undelete/restore-image', () =>
          cluster.restoreImage(handle, record.image),
        );
  if (outcome === 'renamed' || outcome === 'restored') return;
  // The image is gone, or another one has the name that Pannier did not make.
  const put = found === undefined ? [] : [found.stored];
  await controller.effect('undelete/give-up', () =>
    cluster.names.swap(key, formatRestoring(record), undefined, { put }),
  );
  if (outcome === 'gone' && name === undefined) fail('not-in-trash', { volume: record.handle });
  fail('volume-exists', {
    name: record.name,
    volume: record.handle,
    difference: 'an image of that name, which Pannier did not make',
  });
}

async function unmark(
  { controller, cluster, handle }: Undeletion,
  { image: imageId }: VolumeRecord,
): Promise<void> {
  const image = await cluster.readImageById(handle, imageId);
  if (image === undefined) fail('superseded', { volume: formatHandle(handle) });
  const marks = image.metadata.get(DELETING_KEY);
  if (marks === undefined) return;
  await controller.effect('undelete/unmark', () =>
    cluster.swapMetadata(handle, imageId, { [DELETING_KEY]: marks }, { [DELETING_KEY]: undefined }),
  );
}
