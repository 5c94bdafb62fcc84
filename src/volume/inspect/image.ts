import { hostOf } from '../delete/users.js';
import type { VolumeHandle } from '../handle.js';
import { parseObject } from '../json.js';
import { isBeingDeleted, publicationsOf } from '../marks.js';
import { formatSnapshotHandle, keyOfSnapshotName } from '../snapshot/handle.js';
import type { Cluster, Image, ImageSnapshot } from '../store.js';
import type { Gaps } from './gaps.js';
import type { ImagePart, InspectedImage, InspectedLock, InspectedSnapshot } from './inspected.js';
import { inspectParents } from './parents.js';

/** All that Ceph tells of an image; what cannot be read is a gap. */
export async function inspectImage(
  cluster: Cluster,
  handle: VolumeHandle,
  image: Image,
  countMs: number,
  gaps: Gaps,
): Promise<InspectedImage> {
  const place = { pool: handle.pool, namespace: handle.namespace };
  const { id } = image;
  const read = <T>(part: ImagePart, reading: Promise<T>) => gaps.read(part, reading, undefined);
  const [details, used, watched, locks, snapshots, children, parents, nodes, published] =
    await Promise.all([
      read('features', cluster.details(place, id)),
      read('used', cluster.usedBytes(place, id, countMs)),
      read('watchers', Promise.all([cluster.watchers(handle), cluster.workers(place, id)])),
      read('locks', cluster.locks(place, id)),
      read('snapshots', cluster.snapshots(place, id)),
      read('children', cluster.children(place, id)),
      read('parents', inspectParents(cluster, image)),
      read('nodes', cluster.listNodes()),
      read(
        'published',
        Promise.resolve().then(() => publicationsOf(image, handle)),
      ),
    ]);
  const [watchers, workers] = watched ?? [];
  const at = (address: string) => nodes && nodesAt(nodes, address);
  return {
    ...{ id, sizeBytes: image.sizeBytes, used, published, children, parents },
    features: details?.features,
    objectMapInvalid: details?.objectMapInvalid ?? false,
    objectSizeBytes: details?.objectSizeBytes,
    dataPool: details?.dataPool,
    created: details?.created,
    deleting: isBeingDeleted(image),
    watchers: watchers?.map((one) => ({
      ...one,
      nodes: at(one.address),
      works: workers?.includes(one.address) ?? false,
    })),
    locks: locks?.flatMap(({ name, exclusive, holders }): InspectedLock[] =>
      holders.map((holder) => ({ name, exclusive, ...holder, nodes: at(holder.address) })),
    ),
    snapshots: snapshots?.map((one) => withHandle(handle, one)),
  };
}

/** The nodes that said that their Ceph clients speak from an address. */
function nodesAt(nodes: ReadonlyMap<string, string>, address: string): string[] {
  const host = hostOf(address);
  return [...nodes].filter(([, text]) => parseObject(text)?.address === host).map(([node]) => node);
}

function withHandle(volume: VolumeHandle, snapshot: ImageSnapshot): InspectedSnapshot {
  const isOurs = snapshot.kind === 'user' && keyOfSnapshotName(snapshot.name) !== undefined;
  const handle = isOurs ? formatSnapshotHandle({ volume, snapshot: snapshot.name }) : undefined;
  return { ...snapshot, handle };
}
