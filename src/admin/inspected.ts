import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type {
  DeletedVolumeSchema,
  ImageSchema,
  InspectVolumeResponseSchema,
} from '../proto/pannier/admin/v1/admin_pb.js';
import type { DeletedVolume } from '../volume/delete/list-deleted.js';
import { formatHandle } from '../volume/handle.js';
import type { InspectedImage, InspectedVolume } from '../volume/inspect/inspected.js';
import { given } from './given.js';

/** A deleted volume as the Admin service answers it. */
export function deletedMessage({
  handle: volumeId,
  deleted,
  until,
  ...volume
}: DeletedVolume): MessageInitShape<typeof DeletedVolumeSchema> {
  return {
    ...volume,
    volumeId,
    deleted: timestampFromDate(deleted),
    until: timestampFromDate(until),
  };
}

/** What a controller tells of a volume, as the Admin service answers it. */
export function inspectedMessage({
  handle,
  record,
  image,
  deleted,
  flattenedPercent,
  gaps,
}: InspectedVolume): MessageInitShape<typeof InspectVolumeResponseSchema> {
  return {
    handle: formatHandle(handle),
    ...(record === undefined ? {} : { record: given(record) }),
    ...(image === undefined ? {} : { image: imageMessage(image) }),
    deleted: deleted.map(deletedMessage),
    ...given({ flattenedPercent }),
    gaps: gaps.map((gap) => ({ ...gap })),
  };
}

function imageMessage(image: InspectedImage): MessageInitShape<typeof ImageSchema> {
  const { used, created, objectSizeBytes, dataPool, published, ...rest } = image;
  const { id, sizeBytes, features, objectMapInvalid, deleting } = rest;
  return {
    ...{ id, sizeBytes, objectMapInvalid, deleting, features: [...(features ?? [])] },
    ...(used === undefined ? {} : { usedBytes: used.bytes, lookedAtBytes: used.lookedAtBytes }),
    ...(created === undefined ? {} : { created: timestampFromDate(created) }),
    ...given({ objectSizeBytes, dataPool }),
    published: Object.entries(published ?? {}).map(([nodeId, one]) => ({ nodeId, ...one })),
    watchers: rest.watchers?.map(withNodes) ?? [],
    locks: rest.locks?.map(withNodes) ?? [],
    snapshots: (rest.snapshots ?? []).map(({ created: taken, ...one }) => ({
      ...given(one),
      created: timestampFromDate(taken),
    })),
    parents: rest.parents?.map(given) ?? [],
    children: rest.children?.map((one) => ({ ...one })) ?? [],
  };
}

/** A list that is not known is empty in a message, and a gap tells. */
function withNodes<T extends { readonly nodes: readonly string[] | undefined }>({
  nodes,
  ...one
}: T): Omit<T, 'nodes'> & { nodeIds: string[] } {
  return { ...one, nodeIds: [...(nodes ?? [])] };
}
