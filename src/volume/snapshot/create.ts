import { type Controller, mustLocate, notFound } from '../controller.js';
import { fail, VolumeError } from '../errors.js';
import { findImage } from '../find.js';
import { formatHandle, type VolumeHandle } from '../handle.js';
import { isBeingDeleted } from '../marks.js';
import { checkName, nameKey } from '../name.js';
import type { Cluster, Credentials, Image } from '../store.js';
import { onceMore, type SnapshotTask, taskOf } from '../work/tasks.js';
import { findTaken } from './find.js';
import { formatSnapshotHandle, newSnapshotName } from './handle.js';
import {
  formatPending,
  formatSnapshot,
  type PendingSnapshot,
  type PlannedSnapshot,
  parsePending,
  parseSnapshot,
} from './record.js';
import { type Snapshot, toSnapshot } from './snapshot.js';

export interface CreateSnapshotRequest {
  readonly name: string;
  readonly sourceVolumeId: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly credentials: Credentials | undefined;
}

/** How often another controller may get in between before the caller is asked to come again. */
const ROUNDS = 16;

/** What a call works with. */
interface Taking {
  readonly controller: Controller;
  readonly cluster: Cluster;
  readonly name: string;
  readonly key: string;
  /** The source's. */
  readonly handle: VolumeHandle;
}

/**
 * CreateSnapshot. The name is claimed in the index of snapshots, one RBD snapshot is taken, and turning the claim
 * into its record commits it. A snapshot that was taken and never committed is removed in the background.
 */
export async function createSnapshot(
  controller: Controller,
  { name, sourceVolumeId, parameters, credentials }: CreateSnapshotRequest,
): Promise<Snapshot> {
  checkName(name);
  const [parameter] = Object.keys(parameters);
  if (parameter !== undefined)
    fail('unknown-parameter', { key: parameter, guess: '', known: 'none: a snapshot has none' });
  const { handle, cluster } = mustLocate(controller, sourceVolumeId, credentials);
  const taking = { controller, cluster, name, key: nameKey(name), handle };
  for (let round = 0; round < ROUNDS; round++) {
    const entry = await cluster.snapshotNames.read(taking.key);
    const finished = await findFinished(taking, entry);
    if (finished !== undefined) return finished;
    const image = await findImage(cluster, handle);
    const pending = parsePending(entry);
    if (image === undefined || isBeingDeleted(image)) {
      // What an earlier try left must not keep the image of a deleted volume.
      if (pending?.source === sourceVolumeId) await giveUp(taking, pending);
      if (image === undefined) return notFound(handle);
      fail('being-deleted', { volume: sourceVolumeId });
    }
    const own =
      pending?.source === sourceVolumeId && pending.image === image.id
        ? pending
        : await claim(taking, image, entry, pending);
    const taken = own && (await take(taking, own));
    if (taken !== undefined) return taken;
  }
  fail('superseded', { volume: sourceVolumeId });
}

/** The snapshot that the index has committed under the name; undefined where there is none. */
async function findFinished(
  { cluster, name, handle }: Taking,
  entry: string | undefined,
): Promise<Snapshot | undefined> {
  if (entry === undefined || entry === '') return undefined;
  const record = parseSnapshot(entry);
  if (record === undefined) {
    if (parsePending(entry) !== undefined) return undefined;
    const difference = 'an entry in the index that this version cannot read';
    return fail('snapshot-exists', { name, difference });
  }
  if (record.name !== name || record.source !== formatHandle(handle)) {
    const difference = `snapshot "${record.handle}" of volume "${record.source}"`;
    return fail('snapshot-exists', { name, difference });
  }
  return (await findTaken(cluster, record)) && toSnapshot(record);
}

/** Takes the name; what its former claim may have taken, or what is left of its record, goes. */
async function claim(
  { controller, cluster, name, key, handle }: Taking,
  image: Image,
  entry: string | undefined,
  replaced: PendingSnapshot | undefined,
): Promise<PendingSnapshot | undefined> {
  const snapshot = newSnapshotName(name, handle);
  if (snapshot === undefined)
    return fail('invalid-field', {
      field: 'source_volume_id',
      problem: `"${formatHandle(handle)}" is so long that a snapshot's id would be over 128 bytes`,
    });
  const { pool, namespace } = handle;
  const planned: PendingSnapshot = {
    version: 1,
    name,
    handle: formatSnapshotHandle({ volume: handle, snapshot }),
    source: formatHandle(handle),
    ...{ pool, namespace, image: image.id, snapshot },
    since: Date.now(),
  };
  const put = replaced === undefined ? [] : [removalOf(replaced)];
  const swapped = await controller.effect('createSnapshot/claim-name', () =>
    cluster.snapshotNames.swap(key, entry, formatPending(planned), { put }),
  );
  if (swapped !== 'swapped') return undefined;
  for (const task of put) controller.work.add(cluster.name, 'snapshotNames', { key, ...task });
  return planned;
}

/** From the claim to the commit; undefined where another controller got in between. */
async function take(taking: Taking, pending: PendingSnapshot): Promise<Snapshot | undefined> {
  const { controller, cluster, key, handle } = taking;
  const taken = await controller
    .effect('createSnapshot/take-snapshot', () =>
      cluster.takeSnapshot(handle, pending.image, pending.snapshot),
    )
    .catch(async (error: unknown) => {
      if (error instanceof VolumeError && isUseless(error))
        await giveUp(taking, pending).catch(() => undefined);
      throw error;
    });
  // A deletion marks the image before it looks for snapshots: of the two at least one sees the other.
  const [found, image] = await Promise.all([
    findTaken(cluster, pending),
    cluster.readImageById(handle, pending.image),
  ]);
  if (image !== undefined && isBeingDeleted(image)) {
    await giveUp(taking, pending);
    fail('being-deleted', { volume: formatHandle(handle) });
  }
  if (taken === 'gone' || found === undefined || image === undefined) {
    await giveUp(taking, pending);
    return undefined;
  }
  const record = {
    ...pending,
    number: found.id.toString(),
    sizeBytes: found.sizeBytes.toString(),
    created: found.created.toISOString(),
  };
  const text = formatSnapshot(record);
  const committed = await controller.effect('createSnapshot/commit-name', () =>
    cluster.snapshotNames.swap(key, formatPending(pending), text),
  );
  if (committed === 'swapped' || (await cluster.snapshotNames.read(key)) === text)
    return toSnapshot(record);
  await leaveRemoval(taking, pending);
  return undefined;
}

/** Whether what was taken, if anything, can never be cloned. */
function isUseless({ kind, code }: VolumeError): boolean {
  return code === 'RESOURCE_EXHAUSTED' || kind === 'snapshot-cut-short';
}

/** Lets go of the name, and of what was taken under it. */
async function giveUp(taking: Taking, pending: PendingSnapshot): Promise<void> {
  const { controller, cluster, key } = taking;
  const task = removalOf(pending);
  const released = await controller.effect('createSnapshot/give-up', () =>
    cluster.snapshotNames.swap(key, formatPending(pending), undefined, { put: [task] }),
  );
  if (released === 'swapped') controller.work.add(cluster.name, 'snapshotNames', { key, ...task });
  else await leaveRemoval(taking, pending);
}

/**
 * Leaves the removal of a snapshot whose claim is lost to the background: the one that took the claim over did so
 * too, perhaps before the snapshot was there. One that was committed meanwhile is somebody's.
 */
async function leaveRemoval(
  { controller, cluster, key }: Taking,
  pending: PlannedSnapshot,
): Promise<void> {
  const now = parseSnapshot(await cluster.snapshotNames.read(key));
  if (now?.handle === pending.handle) return;
  const task = onceMore(removed(pending));
  await controller.effect('createSnapshot/leave-snapshot', () =>
    cluster.snapshotNames.swapTask({ key, id: task.id }, undefined, task.value),
  );
  controller.work.add(cluster.name, 'snapshotNames', { key, ...task });
}

/** The work of removing what a claim may have taken. */
export function removalOf(pending: PlannedSnapshot) {
  return taskOf(removed(pending));
}

function removed({ pool, namespace, image, snapshot }: PlannedSnapshot): SnapshotTask {
  return { kind: 'snapshot', pool, namespace, imageId: image, snapshot };
}
