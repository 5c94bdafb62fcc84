import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { DeletedVolume } from '../proto/pannier/admin/v1/admin_pb.js';
import { formatBytes } from '../volume/size.js';
import { askAdmin } from './admin.js';
import { table } from './columns.js';
import { CommandError } from './errors.js';
import { option } from './flags.js';
import type { Plugin } from './plugin.js';
import { formatTime } from './time.js';

/** A deleted volume whose data is there still; the keys are those of -json and -t. */
export interface ListedDeletion {
  /** The handle that it had. */
  readonly id: string;
  readonly name: string;
  /** RBD's id of the image, which tells it from others that had the same handle. */
  readonly imageId: string;
  readonly sizeBytes: bigint;
  /** ISO 8601, as the next. */
  readonly deleted: string;
  /** Until when it is kept at least. */
  readonly keptUntil: string;
  /** How many snapshots keep it beyond that. */
  readonly snapshots: number;
  /** Its space is being freed: it cannot be taken back. */
  readonly freeing: boolean;
}

export const imageFlags = {
  'image-id': option({
    value: 'id',
    description: 'Which one, where several volumes that were deleted had the same ID.',
  }),
};

/** Deleted volumes, the last one first. Throws CommandError where the plugin knows of none such. */
export async function listDeletions(plugin: Plugin): Promise<ListedDeletion[]> {
  const { volumes } = await askAdmin(plugin, (admin) => admin.listDeletedVolumes({}));
  return volumes.map(listed);
}

/** Those that had this handle or CSI name. Throws CommandError where volumes of several handles had the name. */
export function deletionsOf(
  all: readonly ListedDeletion[],
  text: string,
  imageId: string | undefined,
): ListedDeletion[] {
  const found = all.filter(
    (one) => (one.id === text || one.name === text) && (imageId ?? one.imageId) === one.imageId,
  );
  if (new Set(found.map(({ id }) => id)).size <= 1) return found;
  throw ambiguous(`several deleted volumes were called "${text}"`, 'Name one by its ID.', found);
}

export function ambiguous(
  problem: string,
  remedy: string,
  found: readonly ListedDeletion[],
): CommandError {
  return new CommandError(problem, {
    text: deletionTable(found),
    code: 'AMBIGUOUS',
    remedy,
    details: found.map(({ id, imageId }) => ({ id, imageId })),
  });
}

export function notKept(text: string): never {
  throw new CommandError(`no deleted volume "${text}" is kept`, {
    code: 'NOT_FOUND',
    remedy: 'List what is kept with `pannier volume trash list`.',
  });
}

export function deletionTable(volumes: readonly ListedDeletion[]): string {
  return table(
    ['ID', 'Name', 'Image ID', 'Size', 'Deleted', 'Kept Until', 'Snapshots'],
    volumes.map((one) => [
      one.id,
      one.name,
      one.imageId,
      formatBytes(one.sizeBytes),
      formatTime(new Date(one.deleted)),
      kept(one),
      one.snapshots,
    ]),
  );
}

function kept({ keptUntil, snapshots, freeing }: ListedDeletion): string {
  const until = new Date(keptUntil);
  if (!freeing && until.getTime() > Date.now()) return formatTime(until);
  return !freeing && snapshots > 0 ? 'its snapshots go' : 'being freed';
}

function listed(volume: DeletedVolume): ListedDeletion {
  const { volumeId: id, name, imageId, sizeBytes, deleted, until, snapshots, freeing } = volume;
  const time = (stamp: typeof until) =>
    (stamp === undefined ? new Date(0) : timestampDate(stamp)).toISOString();
  return {
    ...{ id, name, imageId, sizeBytes, snapshots, freeing },
    deleted: time(deleted),
    keptUntil: time(until),
  };
}
