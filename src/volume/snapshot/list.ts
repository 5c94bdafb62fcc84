import { createHash } from 'node:crypto';
import type { Controller } from '../controller.js';
import { fail } from '../errors.js';
import type { Cluster, Credentials, ImageSnapshot } from '../store.js';
import { findSnapshot, findTaken } from './find.js';
import { parseSnapshotHandle } from './handle.js';
import { parseSnapshot, type SnapshotRecord } from './record.js';
import { type Snapshot, toSnapshot } from './snapshot.js';

export interface SnapshotPage {
  readonly snapshots: readonly Snapshot[];
  /** Where the next page begins; undefined at the end. */
  readonly nextToken: string | undefined;
}

export interface ListSnapshotsRequest {
  /** 0 means all. */
  readonly maxEntries: number;
  readonly startingToken: string;
  /** '' means of any volume. */
  readonly sourceVolumeId: string;
  /** '' means any. */
  readonly snapshotId: string;
  readonly credentials: Credentials | undefined;
}

/** Index entries read at a time. */
const BATCH = 128;

/** ListSnapshots, in the order of the index, which does not change while others are made. */
export async function listSnapshots(
  controller: Controller,
  request: ListSnapshotsRequest,
): Promise<SnapshotPage> {
  const { maxEntries, sourceVolumeId, snapshotId, credentials } = request;
  const names = controller.clusters.names;
  let { cluster: position, after } = parseToken(names, request);
  if (snapshotId !== '') {
    const found = await getIfAny(controller, snapshotId, credentials);
    const wanted = sourceVolumeId === '' || found?.sourceVolumeId === sourceVolumeId;
    return { snapshots: found && wanted ? [found] : [], nextToken: undefined };
  }
  const snapshots: Snapshot[] = [];
  while (position < names.length) {
    const cluster = controller.clusters.get(names[position] as string, credentials);
    const limit =
      maxEntries === 0 || sourceVolumeId !== ''
        ? BATCH
        : Math.min(BATCH, maxEntries - snapshots.length + 1);
    const entries = await cluster.snapshotNames.list(after, limit);
    const images = new Map<string, Promise<readonly ImageSnapshot[] | undefined>>();
    const found = await Promise.all(
      entries.map(async ({ key, value }) => {
        const record = parseSnapshot(value);
        const wanted =
          record !== undefined && (sourceVolumeId === '' || record.source === sourceVolumeId);
        return { key, snapshot: wanted ? await existing(cluster, record, images) : undefined };
      }),
    );
    for (const { key, snapshot } of found) {
      if (snapshot !== undefined) {
        if (maxEntries > 0 && snapshots.length === maxEntries)
          return { snapshots, nextToken: formatToken(request, cluster.name, after) };
        snapshots.push(snapshot);
      }
      after = key;
    }
    if (entries.length < limit) {
      position++;
      after = undefined;
    }
  }
  return { snapshots, nextToken: undefined };
}

/** GetSnapshot. */
export async function getSnapshot(
  controller: Controller,
  snapshotId: string,
  credentials: Credentials | undefined,
): Promise<Snapshot> {
  return (
    (await getIfAny(controller, snapshotId, credentials)) ??
    fail('snapshot-not-found', { snapshot: snapshotId })
  );
}

async function getIfAny(
  { clusters }: Controller,
  snapshotId: string,
  credentials: Credentials | undefined,
): Promise<Snapshot | undefined> {
  const name = parseSnapshotHandle(snapshotId)?.volume.cluster;
  if (name === undefined || !clusters.names.includes(name)) return undefined;
  const cluster = clusters.get(name, credentials);
  const record = await findSnapshot(cluster, snapshotId);
  return record && (await findTaken(cluster, record)) && toSnapshot(record);
}

/** A snapshot that RBD still has; each image's header is read once a batch. */
async function existing(
  cluster: Cluster,
  record: SnapshotRecord,
  images: Map<string, Promise<readonly ImageSnapshot[] | undefined>>,
): Promise<Snapshot | undefined> {
  const { pool, namespace, image } = record;
  const at = `${pool}/${namespace}/${image}`;
  const reading = images.get(at) ?? cluster.snapshots({ pool, namespace }, image);
  images.set(at, reading);
  const all = await reading;
  const taken = all?.some(({ name, kind }) => name === record.snapshot && kind === 'user');
  return taken ? toSnapshot(record) : undefined;
}

const TOKEN = /^snapshots\.([0-9a-f]{8})\/([^/]+)\/([a-z2-7]{20})?$/;

/** A token is what was listed, the cluster and the last index key of the page before. */
function formatToken(
  request: ListSnapshotsRequest,
  cluster: string,
  after: string | undefined,
): string {
  return `snapshots.${filterOf(request)}/${cluster}/${after ?? ''}`;
}

/** Tells a listing of some snapshots from one of others. */
function filterOf({ sourceVolumeId, snapshotId }: ListSnapshotsRequest): string {
  const text = JSON.stringify([sourceVolumeId, snapshotId]);
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function parseToken(
  names: readonly string[],
  request: ListSnapshotsRequest,
): { cluster: number; after: string | undefined } {
  const token = request.startingToken;
  if (token === '') return { cluster: 0, after: undefined };
  const match = TOKEN.exec(token);
  const cluster = names.indexOf(match?.[2] ?? '');
  if (match === null || cluster < 0 || match[1] !== filterOf(request)) fail('bad-token', { token });
  return { cluster, after: match[3] };
}
