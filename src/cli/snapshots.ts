import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { Snapshot } from '../proto/csi/v1/csi_pb.js';
import { formatBytes } from '../volume/size.js';
import { type Cell, keyValues, table } from './columns.js';
import { CommandError } from './errors.js';
import { onlyOne } from './matching.js';
import { isStatus, type Plugin } from './plugin.js';
import { beginsSnapshot, isSnapshotCalled } from './snapshot-names.js';
import { formatTime } from './time.js';

/** A snapshot as commands show it; the keys are those of -json and -t. */
export interface ListedSnapshot {
  readonly id: string;
  /** The handle that its volume had, which may be deleted by now. */
  readonly sourceVolumeId: string;
  readonly sizeBytes: bigint;
  /** ISO 8601; null where the plugin does not tell. */
  readonly created: string | null;
  readonly readyToUse: boolean;
}

type Secrets = Readonly<Record<string, string>>;

const PAGE = 1000;

/** All snapshots, or those of one volume, page by page, the oldest first. */
export async function listSnapshots(
  { controller }: Plugin,
  secrets: Secrets,
  sourceVolumeId = '',
): Promise<ListedSnapshot[]> {
  const snapshots: ListedSnapshot[] = [];
  let startingToken = '';
  do {
    const page = await controller.listSnapshots({
      maxEntries: PAGE,
      startingToken,
      sourceVolumeId,
      secrets: { ...secrets },
    });
    for (const { snapshot } of page.entries)
      if (snapshot !== undefined) snapshots.push(listed(snapshot));
    startingToken = page.nextToken;
  } while (startingToken !== '');
  const time = ({ created }: ListedSnapshot) => (created === null ? 0 : Date.parse(created));
  return snapshots.sort((a, b) => time(a) - time(b));
}

/** The snapshot that `id` is the handle or the CSI name of, or undefined. */
export async function lookUpSnapshot(
  plugin: Plugin,
  id: string,
  secrets: Secrets,
): Promise<ListedSnapshot | undefined> {
  return (
    (await getSnapshot(plugin, id, secrets)) ?? named(await listSnapshots(plugin, secrets), id)
  );
}

/** The same. Throws CommandError, NOT_FOUND, where there is none. */
export async function findSnapshot(
  plugin: Plugin,
  id: string,
  secrets: Secrets,
): Promise<ListedSnapshot> {
  return (await lookUpSnapshot(plugin, id, secrets)) ?? snapshotNotFound(id);
}

/** The same, where the beginning of a handle, or of what follows its "@", will do. */
export async function findSnapshotByPrefix(
  plugin: Plugin,
  id: string,
  secrets: Secrets,
): Promise<ListedSnapshot> {
  const exact = await getSnapshot(plugin, id, secrets);
  if (exact !== undefined) return exact;
  const snapshots = await listSnapshots(plugin, secrets);
  return (
    named(snapshots, id) ??
    only(snapshots.filter((one) => beginsSnapshot(one.id, id))) ??
    snapshotNotFound(id)
  );
}

/** The snapshot that has this handle, or undefined. A name has no "@", and needs no call. */
async function getSnapshot(
  { controller }: Plugin,
  snapshotId: string,
  secrets: Secrets,
): Promise<ListedSnapshot | undefined> {
  if (!snapshotId.includes('@')) return undefined;
  try {
    const { snapshot } = await controller.getSnapshot({ snapshotId, secrets: { ...secrets } });
    return snapshot && listed(snapshot);
  } catch (error) {
    if (isStatus(error, 'NOT_FOUND') || isStatus(error, 'UNIMPLEMENTED')) return undefined;
    throw error;
  }
}

export function snapshotNotFound(id: string): never {
  throw new CommandError(`snapshot "${id}" does not exist`, {
    code: 'NOT_FOUND',
    remedy: 'List what exists with `pannier snapshot list`.',
  });
}

export function snapshotTable(snapshots: readonly ListedSnapshot[]): string {
  return table(
    ['ID', 'Source', 'Size', 'Created', 'Ready'],
    snapshots.map((one) => [one.id, one.sourceVolumeId, ...cells(one)]),
  );
}

/** The same for snapshots of one volume. */
export function ownSnapshotTable(snapshots: readonly ListedSnapshot[]): string {
  return table(
    ['ID', 'Size', 'Created', 'Ready'],
    snapshots.map((one) => [one.id, ...cells(one)]),
  );
}

function cells({ sizeBytes, created, readyToUse }: ListedSnapshot): Cell[] {
  return [formatBytes(sizeBytes), created && formatTime(new Date(created)), readyToUse];
}

export function describeSnapshot(snapshot: ListedSnapshot): string {
  const { id, sourceVolumeId, sizeBytes, created, readyToUse } = snapshot;
  return keyValues([
    ['ID', id],
    ['Source', sourceVolumeId],
    ['Size', `${formatBytes(sizeBytes)} (${sizeBytes} bytes)`],
    ['Created', created && formatTime(new Date(created))],
    ['Ready', readyToUse],
  ]);
}

export function listed(snapshot: Snapshot): ListedSnapshot {
  const { snapshotId: id, sourceVolumeId, sizeBytes, creationTime, readyToUse } = snapshot;
  const created = creationTime === undefined ? null : timestampDate(creationTime).toISOString();
  return { id, sourceVolumeId, sizeBytes, created, readyToUse };
}

/** CSI does not answer a snapshot's name. */
function named(snapshots: readonly ListedSnapshot[], text: string): ListedSnapshot | undefined {
  return only(snapshots.filter(({ id }) => isSnapshotCalled(id, text)));
}

function only(found: readonly ListedSnapshot[]): ListedSnapshot | undefined {
  return onlyOne(found, 'Prefix matched multiple snapshots', snapshotTable);
}
