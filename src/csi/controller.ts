import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  Controller as ControllerDesc,
  ControllerServiceCapability_RPC_Type as Rpc,
  type VolumeCapability,
  type VolumeContentSourceSchema,
  type VolumeSchema,
} from '../proto/csi/v1/csi_pb.js';
import { unsupported } from '../volume/capability.js';
import { getCapacity } from '../volume/capacity.js';
import type { Controller, Source, Volume } from '../volume/controller.js';
import { createVolume } from '../volume/create/create.js';
import { planVolume } from '../volume/create/plan.js';
import { deleteVolume } from '../volume/delete/delete.js';
import { isMistake } from '../volume/errors.js';
import { expandVolume } from '../volume/expand.js';
import { formatHandle } from '../volume/handle.js';
import { isUsableBy, ownerWords } from '../volume/host.js';
import { getVolume, listVolumes } from '../volume/list.js';
import { publishVolume, unpublishVolume } from '../volume/publish.js';
import type { Queue } from '../volume/queue.js';
import {
  readCredentials,
  readRange,
  readSource,
  required,
  requiredCapabilities,
  requiredCapability,
  requiredName,
  requiredNodeId,
  requiredVolumeId,
  requireEntries,
} from './fields.js';
import { fingerprint } from './fingerprint.js';
import { publishContext } from './publish-context.js';
import { snapshotHandlers } from './snapshots.js';
import { type Handlers, implement } from './wire/adapter.js';

/** What ControllerGetCapabilities answers. */
const CAPABILITIES = [
  Rpc.CREATE_DELETE_VOLUME,
  Rpc.PUBLISH_UNPUBLISH_VOLUME,
  Rpc.PUBLISH_READONLY,
  Rpc.LIST_VOLUMES,
  Rpc.LIST_VOLUMES_PUBLISHED_NODES,
  Rpc.GET_CAPACITY,
  Rpc.GET_VOLUME,
  Rpc.EXPAND_VOLUME,
  Rpc.SINGLE_NODE_MULTI_WRITER,
  Rpc.CREATE_DELETE_SNAPSHOT,
  Rpc.LIST_SNAPSHOTS,
  Rpc.GET_SNAPSHOT,
  Rpc.CLONE_VOLUME,
];

/** CSI's Controller service: checks the fields, calls the domain, answers. */
export function controllerService(controller: Controller, queue: Queue) {
  const handlers: Handlers<typeof ControllerDesc> = {
    ...snapshotHandlers(controller, queue),

    async createVolume(request) {
      const create = {
        name: requiredName(request.name),
        range: readRange(request.capacityRange),
        capabilities: requiredCapabilities(request.volumeCapabilities),
        parameters: { ...request.parameters, ...request.mutableParameters },
        source: readSource(request.volumeContentSource),
        credentials: readCredentials(request.secrets),
      };
      const { key, handle, source } = planVolume(controller, create);
      const volume = await queue.run(
        [`name ${key}`, formatHandle(handle)],
        fingerprint('CreateVolume', request),
        () => createVolume(controller, create),
        source === undefined ? [] : [source.id],
      );
      return { volume: answer(volume) };
    },

    async deleteVolume(request) {
      const id = requiredVolumeId(request.volumeId);
      const credentials = readCredentials(request.secrets);
      await queue.run([id], fingerprint('DeleteVolume', request), () =>
        deleteVolume(controller, id, credentials),
      );
      return {};
    },

    async controllerPublishVolume(request) {
      const publish = {
        volumeId: requiredVolumeId(request.volumeId),
        nodeId: requiredNodeId(request.nodeId),
        capability: requiredCapability('volume_capability', request.volumeCapability),
        readonly: request.readonly,
        credentials: readCredentials(request.secrets),
      };
      await queue.run([publish.volumeId], fingerprint('ControllerPublishVolume', request), () =>
        publishVolume(controller, publish),
      );
      return { publishContext: publishContext(publish.readonly) };
    },

    async controllerUnpublishVolume(request) {
      const id = requiredVolumeId(request.volumeId);
      const credentials = readCredentials(request.secrets);
      await queue.run([id], fingerprint('ControllerUnpublishVolume', request), () =>
        unpublishVolume(controller, id, request.nodeId, credentials),
      );
      return {};
    },

    async validateVolumeCapabilities(request) {
      const capabilities = requiredCapabilities(request.volumeCapabilities);
      const id = requiredVolumeId(request.volumeId);
      const volume = await getVolume(controller, id, readCredentials(request.secrets));
      const problem =
        capabilities.map(unsupported).find((text) => text !== undefined) ??
        (isUsableBy(controller, volume) ? undefined : `it belongs to ${ownerWords(volume)}`);
      if (problem !== undefined) return { message: problem };
      return {
        confirmed: {
          volumeContext: request.volumeContext,
          volumeCapabilities: comparable(request.volumeCapabilities),
          parameters: request.parameters,
          mutableParameters: request.mutableParameters,
        },
      };
    },

    async listVolumes(request) {
      requireEntries(request.maxEntries);
      const page = await listVolumes(controller, request.maxEntries, request.startingToken);
      return {
        entries: page.volumes.map((volume) => ({
          volume: answer(volume),
          status: { publishedNodeIds: [...volume.publishedNodes] },
        })),
        nextToken: page.nextToken ?? '',
      };
    },

    async getCapacity(request) {
      const { parameters, volumeCapabilities: all } = request;
      try {
        const capabilities = all.length === 0 ? [] : requiredCapabilities(all);
        return { availableCapacity: await getCapacity(controller, { parameters, capabilities }) };
      } catch (error) {
        // Mesos asks for each profile again and again, and gives all of them up at the first error.
        if (!isMistake(error)) throw error;
        controller.noCapacity(parameters, error.message);
        return { availableCapacity: 0n };
      }
    },

    async controllerGetCapabilities() {
      return {
        capabilities: CAPABILITIES.map((type) => ({ type: { case: 'rpc', value: { type } } })),
      };
    },

    async controllerExpandVolume(request) {
      const id = requiredVolumeId(request.volumeId);
      if (request.capacityRange === undefined) required('capacity_range', '');
      const range = readRange(request.capacityRange);
      const credentials = readCredentials(request.secrets);
      if (request.volumeCapability !== undefined)
        requiredCapability('volume_capability', request.volumeCapability);
      const capacityBytes = await queue.run(
        [id],
        fingerprint('ControllerExpandVolume', request),
        () => expandVolume(controller, id, range, credentials),
      );
      // The node's device must be told, whatever is on it; and a repeated call must say so again.
      return { capacityBytes, nodeExpansionRequired: true };
    },

    async controllerGetVolume(request) {
      const volume = await getVolume(controller, requiredVolumeId(request.volumeId));
      return {
        volume: answer(volume),
        status: { publishedNodeIds: [...volume.publishedNodes] },
      };
    },
  };
  return implement(ControllerDesc, handlers);
}

/**
 * Nomad compares each capability that it asked for with all that are confirmed, and refuses to register a volume
 * where a block capability is among several, even if they are its own; none listed is no comparison.
 */
function comparable(confirmed: VolumeCapability[]): VolumeCapability[] {
  const hasBlock = confirmed.some(({ accessType }) => accessType.case === 'block');
  return hasBlock && confirmed.length > 1 ? [] : confirmed;
}

function answer(volume: Volume): MessageInitShape<typeof VolumeSchema> {
  return {
    volumeId: formatHandle(volume.handle),
    capacityBytes: volume.sizeBytes,
    volumeContext: volume.name === '' ? {} : { name: volume.name },
    ...(volume.source === undefined ? {} : { contentSource: contentSource(volume.source) }),
  };
}

function contentSource({ kind, id }: Source): MessageInitShape<typeof VolumeContentSourceSchema> {
  return kind === 'snapshot'
    ? { type: { case: 'snapshot', value: { snapshotId: id } } }
    : { type: { case: 'volume', value: { volumeId: id } } };
}
