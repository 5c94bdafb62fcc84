import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { required } from '../csi/fields.js';
import { type Handlers, type Implementation, implement } from '../csi/wire/adapter.js';
import { Admin, Work_Kind as Kind, type WorkSchema } from '../proto/pannier/admin/v1/admin_pb.js';
import type { Controller } from '../volume/controller.js';
import { freeDeleted } from '../volume/delete/free.js';
import { listDeleted } from '../volume/delete/list-deleted.js';
import { undeleteVolume } from '../volume/delete/undelete.js';
import { examine } from '../volume/doctor/examine.js';
import { fail } from '../volume/errors.js';
import { formatHandle } from '../volume/handle.js';
import { HOST_ID_RULE, isHostId } from '../volume/host.js';
import { inspectVolume } from '../volume/inspect/inspect.js';
import { moveVolume } from '../volume/move.js';
import type { Queue } from '../volume/queue.js';
import { listWork } from '../volume/work/list.js';
import type { Task } from '../volume/work/tasks.js';
import { deletedMessage, inspectedMessage } from './inspected.js';

const KINDS: Readonly<Record<Task['kind'], Kind>> = {
  image: Kind.FREE_IMAGE,
  snapshot: Kind.REMOVE_SNAPSHOT,
  flatten: Kind.FLATTEN_IMAGE,
};

/** What an operator may ask that CSI has no words for: checks the fields, calls the domain, answers. */
export function adminService(controller: Controller, queue: Queue): Implementation {
  const handlers: Handlers<typeof Admin> = {
    async listDeletedVolumes() {
      return { volumes: (await listDeleted(controller)).map(deletedMessage) };
    },

    async undeleteVolume(request) {
      const id = required('volume_id', request.volumeId);
      const { handle, name, sizeBytes } = await queue.inLine([id], () =>
        undeleteVolume(controller, id, request.imageId),
      );
      return { volumeId: formatHandle(handle), name, sizeBytes };
    },

    async moveVolume(request) {
      const id = required('volume_id', request.volumeId);
      if (request.host !== '' && !isHostId(request.host))
        fail('invalid-field', { field: 'host', problem: `"${request.host}" ${HOST_ID_RULE}` });
      const { handle, host } = await queue.inLine([id], () =>
        moveVolume(controller, id, request.host),
      );
      return { volumeId: formatHandle(handle), host };
    },

    async freeDeletedVolume(request) {
      const id = required('volume_id', request.volumeId);
      const imageIds = await queue.inLine([id], () => freeDeleted(controller, id, request.imageId));
      return { imageIds: [...imageIds] };
    },

    async listWork() {
      const work = await listWork(controller);
      return { work: work.map(({ cluster, task }) => toWork(cluster, task)) };
    },

    async examine({ fix }) {
      const findings = await queue.share(`Examine ${fix}`, () => examine(controller, fix));
      return { findings: [...findings] };
    },

    async inspectVolume({ volumeId, volumeContext: context, countMs }) {
      const request = { volumeId: required('volume_id', volumeId), context, countMs };
      return inspectedMessage(await inspectVolume(controller, request));
    },
  };
  return implement(Admin, handlers);
}

function toWork(cluster: string, task: Task): MessageInitShape<typeof WorkSchema> {
  const { kind, pool, namespace, imageId } = task;
  return {
    ...{ kind: KINDS[kind], cluster, pool, namespace, imageId },
    ...(task.kind === 'snapshot' ? { snapshot: task.snapshot } : { volumeId: task.handle }),
    ...(task.kind === 'flatten' ? { percent: task.percent } : {}),
    ...(task.kind === 'image' ? { until: timestampFromMs(task.until) } : {}),
  };
}
