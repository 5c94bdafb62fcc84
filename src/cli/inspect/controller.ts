import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import type {
  ImageChild as ChildMessage,
  DeletedVolume as DeletedMessage,
  Image as ImageMessage,
  InspectVolumeResponse,
  ImageParent as ParentMessage,
  ImageSnapshot as SnapshotMessage,
} from '../../proto/pannier/admin/v1/admin_pb.js';
import type { AccessMode } from '../../volume/capability.js';
import type { DeletedVolume } from '../../volume/delete/list-deleted.js';
import type { ChildImage } from '../../volume/details.js';
import { parseHandle } from '../../volume/handle.js';
import type {
  ImagePart,
  InspectedImage,
  InspectedParent,
  InspectedRecord,
  InspectedSnapshot,
  InspectedVolume,
} from '../../volume/inspect/inspected.js';
import { askAdmin } from '../admin.js';
import { isStatus, type Plugin } from '../plugin.js';

export interface InspectQuestion {
  readonly volumeId: string;
  readonly context: Readonly<Record<string, string>>;
  /** How long objects may be counted, in milliseconds. */
  readonly countMs: number;
}

/**
 * What a controller of Pannier's tells of a volume; null where there is none. Fails with CommandError or CallFailed
 * where it does not tell.
 */
export async function askController(
  plugin: Plugin,
  { volumeId, context, countMs }: InspectQuestion,
): Promise<InspectedVolume | null> {
  try {
    const request = { volumeId, volumeContext: { ...context }, countMs };
    return inspected(await askAdmin(plugin, (admin) => admin.inspectVolume(request)));
  } catch (error) {
    if (isStatus(error, 'NOT_FOUND')) return null;
    throw error;
  }
}

function inspected(answer: InspectVolumeResponse): InspectedVolume {
  const { handle: text, record, image, deleted, flattenedPercent, gaps } = answer;
  const handle = parseHandle(text);
  if (handle === undefined) throw new Error(`the controller answered "${text}", which is no ID`);
  return {
    handle,
    record: record && {
      keeper: record.keeper as InspectedRecord['keeper'],
      name: record.name,
      sizeBytes: record.sizeBytes,
      source: record.source,
      layout: record.layout,
      host: record.host,
      state: record.state as InspectedRecord['state'],
    },
    image: image && imageOf(image, new Set(gaps.map(({ part }) => part))),
    deleted: deleted.map(deletedOf),
    flattenedPercent,
    gaps: gaps.map(({ part, problem }) => ({ part, problem })),
  };
}

/** A list of a part that is a gap is empty in the message, and not known. */
function imageOf(image: ImageMessage, unknown: ReadonlySet<string>): InspectedImage {
  const { id, sizeBytes, usedBytes, lookedAtBytes, objectMapInvalid, deleting } = image;
  const of = <T>(part: ImagePart, list: T) => (unknown.has(part) ? undefined : list);
  return {
    ...{ id, sizeBytes, objectMapInvalid, deleting },
    features: of('features', image.features),
    used: usedBytes === undefined ? undefined : { bytes: usedBytes, lookedAtBytes },
    objectSizeBytes: image.objectSizeBytes || undefined,
    dataPool: image.dataPool || undefined,
    created: image.created && timestampDate(image.created),
    published: of(
      'published',
      Object.fromEntries(
        image.published.map(({ nodeId, mode, access, readonly, unstaged }) => [
          nodeId,
          {
            ...{ mode: mode as AccessMode, access: access as 'mount' | 'block', readonly },
            ...(unstaged ? { unstaged } : {}),
          },
        ]),
      ),
    ),
    watchers: of(
      'watchers',
      image.watchers.map(({ address, clientId, nodeIds, works }) => ({
        ...{ address, clientId, works },
        nodes: of('nodes', nodeIds),
      })),
    ),
    locks: of(
      'locks',
      image.locks.map(({ name, exclusive, client, cookie, address, nodeIds }) => ({
        ...{ name, exclusive, client, cookie, address },
        nodes: of('nodes', nodeIds),
      })),
    ),
    snapshots: of('snapshots', image.snapshots.map(snapshotOf)),
    parents: of('parents', image.parents.map(parentOf)),
    children: of('children', image.children.map(childOf)),
  };
}

function snapshotOf({ id, name, sizeBytes, clones, ...one }: SnapshotMessage): InspectedSnapshot {
  return {
    ...{ id, name, sizeBytes, clones },
    created: dateOf(one.created),
    kind: one.kind as InspectedSnapshot['kind'],
    handle: one.handle || undefined,
  };
}

function parentOf({ pool, namespace, imageId, ...one }: ParentMessage): InspectedParent {
  return {
    ...{ pool, namespace, imageId },
    image: one.image || undefined,
    snapshot: one.snapshot || undefined,
    volume: one.volume || undefined,
  };
}

function childOf({ pool, namespace, image, imageId, inTrash }: ChildMessage): ChildImage {
  return { pool, namespace, image, imageId, inTrash };
}

function deletedOf(one: DeletedMessage): DeletedVolume {
  return {
    handle: one.volumeId,
    name: one.name,
    imageId: one.imageId,
    sizeBytes: one.sizeBytes,
    deleted: dateOf(one.deleted),
    until: dateOf(one.until),
    snapshots: one.snapshots,
    freeing: one.freeing,
  };
}

function dateOf(time: Timestamp | undefined): Date {
  return time === undefined ? new Date(0) : timestampDate(time);
}
