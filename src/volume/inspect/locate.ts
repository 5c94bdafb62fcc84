import type { Controller } from '../controller.js';
import type { JournalEntry } from '../details.js';
import { VolumeError } from '../errors.js';
import { formatHandle, parseHandle, type VolumeHandle } from '../handle.js';
import type { Cluster, Place } from '../store.js';

/** Where the image of a volume is, and what ceph-csi wrote of it. */
export interface Located {
  readonly handle: VolumeHandle;
  readonly cluster: Cluster;
  readonly journal: JournalEntry | undefined;
}

/** A `volume_id` of ceph-csi: version, the length of the cluster's id, that id, the pool's number, a UUID. */
const CEPH_CSI = /^[0-9a-f]{4}-[0-9a-f]{4}-.+-([0-9a-f]{16})-([0-9a-f-]{36})$/;
const MOST_POOL_ID = (1n << 63n) - 1n;

/**
 * Where the image of a `volume_id` is. Of a volume of ceph-csi its journal tells, or else the `volume_context` that
 * it gave; it is looked for in every configured cluster, since ceph-csi's id of a cluster is not ours.
 */
export async function locateImage(
  controller: Controller,
  volumeId: string,
  context: Readonly<Record<string, string>>,
): Promise<Located | undefined> {
  const { clusters } = controller;
  const handle = parseHandle(volumeId);
  if (handle !== undefined && clusters.names.includes(handle.cluster))
    return { handle, cluster: clusters.get(handle.cluster), journal: undefined };
  const found = clusters.names.map((name) => ofCephCsi(clusters.get(name), volumeId, context));
  return (await Promise.all(found)).find((one) => one !== undefined);
}

async function ofCephCsi(
  cluster: Cluster,
  volumeId: string,
  context: Readonly<Record<string, string>>,
): Promise<Located | undefined> {
  const [, number, uuid] = CEPH_CSI.exec(volumeId) ?? [];
  const journal = context.journalPool ?? context.pool ?? (await poolOf(cluster, number));
  const pool = context.pool ?? journal;
  if (pool === undefined || journal === undefined) return undefined;
  const namespaces = await ifPool(cluster.listNamespaces(journal), []);
  for (const namespace of namespaces) {
    const entry = uuid && (await cluster.journalEntry({ pool: journal, namespace }, uuid));
    if (entry) return located(cluster, { pool, namespace }, entry.image, entry);
  }
  // A volume that ceph-csi was only told of is called as its image.
  const image = context.imageName ?? (context.staticVolume === 'true' ? volumeId : undefined);
  for (const namespace of image === undefined ? [] : namespaces)
    if (
      (await ifPool(cluster.readImage({ pool, namespace, image: image ?? '' }), undefined)) !==
      undefined
    )
      return located(cluster, { pool, namespace }, image ?? '', undefined);
  return undefined;
}

async function poolOf(cluster: Cluster, number: string | undefined): Promise<string | undefined> {
  const id = BigInt(`0x${number ?? '0'}`);
  return id === 0n || id > MOST_POOL_ID ? undefined : cluster.poolNamed(id);
}

/** A pool that this cluster does not have is another cluster's. */
async function ifPool<T, U>(reading: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof VolumeError && error.kind === 'unknown-pool') return otherwise;
    throw error;
  }
}

/** A name that no handle can hold is one that nobody can be told of. */
function located(
  cluster: Cluster,
  place: Place,
  image: string,
  journal: JournalEntry | undefined,
): Located | undefined {
  const handle = parseHandle(formatHandle({ cluster: cluster.name, ...place, image }));
  return handle && { handle, cluster, journal };
}
