import type { MessageInitShape } from '@bufbuild/protobuf';
import { required } from '../csi/fields.js';
import { type Handlers, type Implementation, implement } from '../csi/wire/adapter.js';
import {
  NodeAdmin,
  type NodeInspectVolumeResponseSchema,
} from '../proto/pannier/admin/v1/admin_pb.js';
import { fail } from '../volume/errors.js';
import type { InspectedOnNode } from '../volume/inspect/on-node.js';
import type { NodeVolumes } from '../volume/node.js';
import { given } from './given.js';

/** What an operator may ask a node that CSI has no words for. */
export function nodeAdminService(
  volumes: Pick<NodeVolumes, 'inspect' | 'volumeAt'>,
): Implementation {
  const handlers: Handlers<typeof NodeAdmin> = {
    async inspectVolume({ volumeId, path }) {
      const id = path === '' ? required('volume_id', volumeId) : await volumes.volumeAt(path);
      if (id === undefined) return fail('nothing-at-path', { path });
      return onNodeMessage(await volumes.inspect(id));
    },
  };
  return implement(NodeAdmin, handlers);
}

function onNodeMessage({
  mapping,
  stagings,
  fileSystem,
  ...rest
}: InspectedOnNode): MessageInitShape<typeof NodeInspectVolumeResponseSchema> {
  return {
    volumeId: rest.volumeId,
    nodeId: rest.nodeId,
    hostname: rest.hostname,
    ...(mapping === undefined
      ? {}
      : { mapping: { ...mapping, devices: mapping.devices.map(given) } }),
    stagings: stagings.map(({ mount, targets, ...staging }) => ({
      ...staging,
      ...given({ mount }),
      targets: targets.map(given),
    })),
    ...given({ fileSystem }),
    unknownPaths: [...rest.unknownPaths],
    holders: [...rest.holders],
    gaps: rest.gaps.map((gap) => ({ ...gap })),
  };
}
