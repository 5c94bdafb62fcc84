import { isAbsolute } from 'node:path';
import {
  Node,
  type NodePublishVolumeRequest,
  type NodeStageVolumeRequest,
  NodeServiceCapability_RPC_Type as Rpc,
  VolumeUsage_Unit as Unit,
} from '../proto/csi/v1/csi_pb.js';
import { asReader, type Capability, unsupported } from '../volume/capability.js';
import { fail } from '../volume/errors.js';
import type { NodeVolumes } from '../volume/node.js';
import type { Queue } from '../volume/queue.js';
import {
  readCredentials,
  readRange,
  requiredCapability,
  requiredPath,
  requiredVolumeId,
} from './fields.js';
import { fingerprint } from './fingerprint.js';
import { isReadonlyHere } from './publish-context.js';
import { type Handlers, implement } from './wire/adapter.js';

const CAPABILITIES = [
  Rpc.STAGE_UNSTAGE_VOLUME,
  Rpc.GET_VOLUME_STATS,
  Rpc.EXPAND_VOLUME,
  Rpc.SINGLE_NODE_MULTI_WRITER,
];

/** CSI's Node service: checks the fields, calls the node's port, answers. */
export function nodeService(nodeId: string, volumes: NodeVolumes, queue: Queue) {
  const handlers: Handlers<typeof Node> = {
    async nodeStageVolume(request) {
      const stage = {
        volumeId: requiredVolumeId(request.volumeId),
        stagingPath: requiredPath('staging_target_path', request.stagingTargetPath),
        capability: usedHere(request),
        credentials: readCredentials(request.secrets),
      };
      await queue.run([stage.volumeId], fingerprint('NodeStageVolume', request), () =>
        volumes.stage(stage),
      );
      return {};
    },

    async nodeUnstageVolume(request) {
      const unstage = {
        volumeId: requiredVolumeId(request.volumeId),
        stagingPath: requiredPath('staging_target_path', request.stagingTargetPath),
      };
      await queue.run([unstage.volumeId], fingerprint('NodeUnstageVolume', request), () =>
        volumes.unstage(unstage),
      );
      return {};
    },

    async nodePublishVolume(request) {
      const publish = {
        volumeId: requiredVolumeId(request.volumeId),
        targetPath: requiredPath('target_path', request.targetPath),
        capability: usedHere(request),
        stagingPath:
          request.stagingTargetPath === ''
            ? ''
            : requiredPath('staging_target_path', request.stagingTargetPath),
        readonly: request.readonly,
      };
      await queue.run([publish.volumeId], fingerprint('NodePublishVolume', request), () =>
        volumes.publish(publish),
      );
      return {};
    },

    async nodeUnpublishVolume(request) {
      const unpublish = {
        volumeId: requiredVolumeId(request.volumeId),
        targetPath: requiredPath('target_path', request.targetPath),
      };
      await queue.run([unpublish.volumeId], fingerprint('NodeUnpublishVolume', request), () =>
        volumes.unpublish(unpublish),
      );
      return {};
    },

    async nodeGetVolumeStats(request) {
      const volumeId = requiredVolumeId(request.volumeId);
      const volumePath = lookedUp('volume_path', request.volumePath, volumeId);
      const usage = await volumes.usage({ volumeId, volumePath });
      return { usage: usage.map((line) => ({ ...line, unit: Unit[line.unit] })) };
    },

    async nodeExpandVolume(request) {
      const volumeId = requiredVolumeId(request.volumeId);
      const expand = {
        volumeId,
        volumePath: lookedUp('volume_path', request.volumePath, volumeId),
        range: readRange(request.capacityRange),
        capability:
          request.volumeCapability &&
          requiredCapability('volume_capability', request.volumeCapability),
      };
      const capacityBytes = await queue.run(
        [volumeId],
        fingerprint('NodeExpandVolume', request),
        () => volumes.expand(expand),
      );
      return { capacityBytes };
    },

    async nodeGetCapabilities() {
      return {
        capabilities: CAPABILITIES.map((type) => ({ type: { case: 'rpc', value: { type } } })),
      };
    },

    async nodeGetInfo() {
      return { nodeId };
    },
  };
  return implement(Node, handlers);
}

/** How the volume is to be used on this node: as asked, or for reading only where the controller said so. */
function usedHere(request: NodeStageVolumeRequest | NodePublishVolumeRequest): Capability {
  const capability = requiredCapability('volume_capability', request.volumeCapability);
  const problem = unsupported(capability);
  if (problem !== undefined)
    fail('unsupported-capability', { field: 'volume_capability', problem });
  return isReadonlyHere(request.publishContext) ? asReader(capability) : capability;
}

/** A path where a volume is looked for: where nothing can be, nothing is found. */
function lookedUp(field: string, path: string, volume: string): string {
  if (path === '') fail('missing-field', { field });
  if (!isAbsolute(path)) fail('path-not-found', { volume, path });
  return path;
}
