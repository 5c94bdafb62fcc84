import { create } from '@bufbuild/protobuf';
import t from 'tap';
import { controllerService } from '../../src/csi/controller.js';
import {
  Controller,
  ValidateVolumeCapabilitiesRequestSchema,
  type ValidateVolumeCapabilitiesResponse,
} from '../../src/proto/csi/v1/csi_pb.js';
import { Queue } from '../../src/volume/queue.js';
import { controllerOf } from '../volume/controllers.js';
import { MemoryCeph } from '../volume/memory-ceph.js';
import { memoryClusters } from '../volume/memory-clusters.js';

const BLOCK = { accessType: { case: 'block' as const, value: {} }, accessMode: { mode: 1 } };
const MOUNT = { accessType: { case: 'mount' as const, value: {} }, accessMode: { mode: 1 } };

t.test('what Nomad compares is confirmed, and not listed where it compares wrongly', async (t) => {
  const clusters = memoryClusters(new MemoryCeph(), async () => {});
  const layout = {
    sizeBytes: 1n << 20n,
    features: undefined,
    objectSize: undefined,
    stripeUnit: undefined,
    stripeCount: undefined,
    dataPool: undefined,
  };
  await clusters.get('main').createImage({ pool: 'rbd', namespace: '', image: 'a' }, layout);
  const controller = controllerOf(clusters);
  const method = Controller.method.validateVolumeCapabilities;
  const handler = controllerService(controller, new Queue()).handlers.get(method);
  const confirmed = async (...volumeCapabilities: Array<typeof BLOCK | typeof MOUNT>) => {
    const request = { volumeId: 'main/rbd/a', volumeCapabilities };
    const message = create(ValidateVolumeCapabilitiesRequestSchema, request);
    const context = { requestId: '', signal: new AbortController().signal };
    const answer = (await handler?.(
      message as never,
      context,
    )) as ValidateVolumeCapabilitiesResponse;
    return answer.confirmed?.volumeCapabilities.map(({ accessType }) => accessType.case);
  };
  t.same(await confirmed(BLOCK), ['block']);
  t.same(await confirmed(MOUNT, MOUNT), ['mount', 'mount']);
  t.same(await confirmed(MOUNT, BLOCK), [], 'confirmed, and nothing to compare');
});
