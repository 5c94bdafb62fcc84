import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { Controller as ControllerDesc, SnapshotSchema } from '../proto/csi/v1/csi_pb.js';
import type { Controller } from '../volume/controller.js';
import { nameKey } from '../volume/name.js';
import type { Queue } from '../volume/queue.js';
import { createSnapshot } from '../volume/snapshot/create.js';
import { deleteSnapshot } from '../volume/snapshot/delete.js';
import { getSnapshot, listSnapshots } from '../volume/snapshot/list.js';
import type { Snapshot } from '../volume/snapshot/snapshot.js';
import { readCredentials, required, requiredName, requireEntries } from './fields.js';
import { fingerprint } from './fingerprint.js';
import type { Handlers } from './wire/adapter.js';

type SnapshotCalls = 'createSnapshot' | 'deleteSnapshot' | 'listSnapshots' | 'getSnapshot';

/** The calls of CSI's Controller service that are about snapshots. */
export function snapshotHandlers(
  controller: Controller,
  queue: Queue,
): Pick<Handlers<typeof ControllerDesc>, SnapshotCalls> {
  return {
    async createSnapshot(request) {
      const create = {
        name: requiredName(request.name),
        sourceVolumeId: required('source_volume_id', request.sourceVolumeId),
        parameters: request.parameters,
        credentials: readCredentials(request.secrets),
      };
      const snapshot = await queue.run(
        [`snapshot ${nameKey(create.name)}`],
        fingerprint('CreateSnapshot', request),
        () => createSnapshot(controller, create),
        [create.sourceVolumeId],
      );
      return { snapshot: answer(snapshot) };
    },

    async deleteSnapshot(request) {
      const id = required('snapshot_id', request.snapshotId);
      const credentials = readCredentials(request.secrets);
      await queue.run([id], fingerprint('DeleteSnapshot', request), () =>
        deleteSnapshot(controller, id, credentials),
      );
      return {};
    },

    async listSnapshots(request) {
      requireEntries(request.maxEntries);
      const { maxEntries, startingToken, sourceVolumeId, snapshotId } = request;
      const credentials = readCredentials(request.secrets);
      const page = await listSnapshots(controller, {
        ...{ maxEntries, startingToken, sourceVolumeId, snapshotId, credentials },
      });
      return {
        entries: page.snapshots.map((snapshot) => ({ snapshot: answer(snapshot) })),
        nextToken: page.nextToken ?? '',
      };
    },

    async getSnapshot(request) {
      const id = required('snapshot_id', request.snapshotId);
      const snapshot = await getSnapshot(controller, id, readCredentials(request.secrets));
      return { snapshot: answer(snapshot) };
    },
  };
}

/** An RBD snapshot can be used as soon as it is taken. */
function answer(snapshot: Snapshot): MessageInitShape<typeof SnapshotSchema> {
  return {
    snapshotId: snapshot.id,
    sourceVolumeId: snapshot.sourceVolumeId,
    sizeBytes: snapshot.sizeBytes,
    creationTime: timestampFromDate(snapshot.created),
    readyToUse: true,
  };
}
