import { type Controller, mustLocate, notFound } from './controller.js';
import { refuseIfPublished, refuseIfUsed } from './delete/users.js';
import { fail } from './errors.js';
import { findImage } from './find.js';
import { formatHandle, type VolumeHandle } from './handle.js';
import { DELETING_KEY, isBeingDeleted, PUBLISHED_KEY } from './marks.js';
import { nameKey } from './name.js';
import { formatRecord, parseRecord, RECORD_KEY, recordOf, type VolumeRecord } from './record.js';
import type { Cluster } from './store.js';

/** How often another controller may change the volume in between. */
const ROUNDS = 8;

/** A volume that belongs to another host from now on. */
export interface MovedVolume {
  readonly handle: VolumeHandle;
  /** The host that it has now. */
  readonly host: string;
}

/**
 * Gives a volume to a host ('' is the controller's own). The image's record is changed first, which ends what the
 * former host may do with it, and the name index after that, which shows it to the new one: between the two no host
 * lists it, and the same call finishes the move. A volume in use is refused.
 */
export async function moveVolume(
  controller: Controller,
  volumeId: string,
  wanted: string,
): Promise<MovedVolume> {
  const host = wanted || controller.host || fail('no-host');
  const { handle, cluster } = mustLocate(controller, volumeId, undefined);
  for (let round = 0; round < ROUNDS; round++) {
    const record = await moveImage(controller, cluster, handle, host);
    if (record !== undefined && (await moveEntry(controller, cluster, record)))
      return { handle, host };
  }
  return fail('superseded', { volume: volumeId });
}

/** The record that the image has from now on; undefined where another controller got in between. */
async function moveImage(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
  host: string,
): Promise<VolumeRecord | undefined> {
  const image = await findImage(cluster, handle);
  if (image === undefined) return notFound(handle);
  if (isBeingDeleted(image)) fail('being-deleted', { volume: formatHandle(handle) });
  const record = recordOf(image, handle);
  if (record === undefined) return fail('no-record', { volume: formatHandle(handle) });
  if (record.host === host) return record;
  refuseIfPublished(handle, image);
  await refuseIfUsed(cluster, handle, image);
  const moved = { ...record, host };
  const expected = [RECORD_KEY, PUBLISHED_KEY, DELETING_KEY];
  const outcome = await controller.effect('move/write-record', () =>
    cluster.swapMetadata(
      handle,
      image.id,
      Object.fromEntries(expected.map((key) => [key, image.metadata.get(key)])),
      { [RECORD_KEY]: formatRecord(moved) },
    ),
  );
  return outcome === 'swapped' ? moved : undefined;
}

/** False where the entry changed in between. One that is not this volume's is left as it is. */
async function moveEntry(
  controller: Controller,
  cluster: Cluster,
  record: VolumeRecord,
): Promise<boolean> {
  const key = nameKey(record.name);
  const text = formatRecord(record);
  const entry = await cluster.names.read(key);
  if (entry === text || !isOfHost(entry, record)) return true;
  const outcome = await controller.effect('move/write-entry', () =>
    cluster.names.swap(key, entry, text),
  );
  return outcome === 'swapped';
}

/** True for the entry of the same volume, whatever host it names. */
function isOfHost(entry: string | undefined, record: VolumeRecord): boolean {
  const listed = parseRecord(entry);
  return (
    listed !== undefined && formatRecord({ ...listed, host: record.host }) === formatRecord(record)
  );
}
