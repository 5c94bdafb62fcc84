import type { NodeView } from '../../inspect/known.js';
import type {
  Mount as MountMessage,
  NodeInspectVolumeResponse,
} from '../../proto/pannier/admin/v1/admin_pb.js';
import type { InspectedMount, InspectedStaging } from '../../volume/inspect/on-node.js';
import { ifOffered, type Plugin } from '../plugin.js';

/** What a node plugin of Pannier's has of a volume; null where the plugin at that endpoint is no such node. */
export async function askNode(
  plugin: Plugin,
  endpoint: string,
  volumeId: string,
): Promise<NodeView | null> {
  const answer = await ifOffered((await plugin.nodeAdmin()).inspectVolume({ volumeId }));
  return answer && nodeView(endpoint, answer);
}

export function nodeView(endpoint: string, answer: NodeInspectVolumeResponse): NodeView {
  const { volumeId, nodeId, hostname, mapping, stagings, fileSystem, ...rest } = answer;
  return {
    ...{ endpoint, volumeId, nodeId, hostname },
    mapping: mapping && {
      mapper: mapping.mapper,
      alive: mapping.alive,
      devices: mapping.devices.map(({ path, readonly, sizeBytes }) => ({
        ...{ path, readonly, sizeBytes },
      })),
    },
    stagings: stagings.map(({ path, state, imageId, mode, access, mount, targets }) => ({
      ...{ path, imageId, mode },
      state: state as InspectedStaging['state'],
      access: access as InspectedStaging['access'],
      mount: mountOf(mount),
      targets: targets.map((target) => ({
        path: target.path,
        readonly: target.readonly,
        mount: mountOf(target.mount),
      })),
    })),
    unknownPaths: rest.unknownPaths,
    fileSystem: fileSystem && {
      type: fileSystem.type,
      totalBytes: fileSystem.totalBytes,
      usedBytes: fileSystem.usedBytes,
      availableBytes: fileSystem.availableBytes,
      inodes: fileSystem.inodes,
      usedInodes: fileSystem.usedInodes,
      smaller: fileSystem.smaller,
    },
    holders: rest.holders,
    gaps: rest.gaps.map(({ part, problem }) => ({ part, problem })),
  };
}

function mountOf(mount: MountMessage | undefined): InspectedMount | undefined {
  return mount && { device: mount.device, fsType: mount.fsType, readonly: mount.readonly };
}
