import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import type {
  DeletedVolume as DeletedMessage,
  Image as ImageMessage,
  InspectVolumeResponse,
} from '../../proto/pannier/admin/v1/admin_pb.js';
import type { AccessMode } from '../../volume/capability.js';
import type { DeletedVolume } from '../../volume/delete/list-deleted.js';
import { parseHandle } from '../../volume/handle.js';
import type {
  InspectedImage,
  InspectedRecord,
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
      state: record.state as InspectedRecord['state'],
    },
    image: image && imageOf(image),
    deleted: deleted.map(deletedOf),
    flattenedPercent,
    gaps: gaps.map(({ part, problem }) => ({ part, problem })),
  };
}

function imageOf(image: ImageMessage): InspectedImage {
  const { id, sizeBytes, usedBytes, lookedAtBytes, features, objectMapInvalid, deleting } = image;
  return {
    ...{ id, sizeBytes, features, objectMapInvalid, deleting },
    used: usedBytes === undefined ? undefined : { bytes: usedBytes, lookedAtBytes },
    objectSizeBytes: image.objectSizeBytes || undefined,
    dataPool: image.dataPool || undefined,
    created: image.created && timestampDate(image.created),
    published: Object.fromEntries(
      image.published.map(({ nodeId, mode, access, readonly }) => [
        nodeId,
        { mode: mode as AccessMode, access: access as 'mount' | 'block', readonly },
      ]),
    ),
    watchers: image.watchers.map(({ address, clientId, nodeIds: nodes, works }) => ({
      ...{ address, clientId, nodes, works },
    })),
    locks: image.locks.map(({ name, exclusive, client, cookie, address, nodeIds: nodes }) => ({
      ...{ name, exclusive, client, cookie, address, nodes },
    })),
    snapshots: image.snapshots.map((one) => ({
      id: one.id,
      name: one.name,
      sizeBytes: one.sizeBytes,
      created: dateOf(one.created),
      kind: one.kind as InspectedImage['snapshots'][number]['kind'],
      clones: one.clones,
      handle: one.handle || undefined,
    })),
    parents: image.parents.map(({ pool, namespace, imageId, ...one }) => ({
      ...{ pool, namespace, imageId },
      image: one.image || undefined,
      snapshot: one.snapshot || undefined,
      volume: one.volume || undefined,
    })),
    children: image.children.map((one) => ({
      pool: one.pool,
      namespace: one.namespace,
      image: one.image,
      imageId: one.imageId,
      inTrash: one.inTrash,
    })),
  };
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
