import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { CallFailed, connect, NotConnected } from '../../src/cli/rpc.js';
import { type Handlers, implement } from '../../src/csi/wire/adapter.js';
import { serve } from '../../src/csi/wire/server.js';
import { openLog } from '../../src/observe/log.js';
import { Controller } from '../../src/proto/csi/v1/csi_pb.js';
import { fail } from '../../src/volume/errors.js';
import { socketFolder } from './pannier.js';

/** A client of a controller with these handlers. */
async function client(t: Test, handlers: Handlers<typeof Controller>, limitMs = 60_000) {
  const path = join(await socketFolder(t), 'csi.sock');
  const server = await serve(path, [implement(Controller, handlers)], openLog('error'));
  t.teardown(() => server.close(0));
  const connection = connect({ kind: 'unix', path }, limitMs);
  t.teardown(() => connection.close());
  return connection.service(Controller);
}

t.test('calls at once on one connection each get their own answer, however large', async (t) => {
  const large = 'x'.repeat(1 << 20);
  const controller = await client(t, {
    controllerGetVolume: async ({ volumeId }) => ({
      volume: { volumeId, capacityBytes: 2n ** 62n, volumeContext: { large } },
    }),
  });
  const answers = await Promise.all(
    ['a', 'b', 'c'].map((volumeId) => controller.controllerGetVolume({ volumeId })),
  );
  t.same(
    answers.map(({ volume }) => volume?.volumeId),
    ['a', 'b', 'c'],
  );
  t.equal(answers[2]?.volume?.capacityBytes, 2n ** 62n);
  t.equal(answers[2]?.volume?.volumeContext.large, large);
});

t.test('a status is told by its name, with its message whole', async (t) => {
  const controller = await client(t, {
    deleteVolume: async () => fail('volume-not-found', { volume: 'größe 100 % 卷' }),
    createVolume: async () => {
      throw new Error('unforeseen');
    },
  });
  const failed = await controller.deleteVolume({ volumeId: 'x' }).catch((error) => error);
  t.type(failed, CallFailed);
  t.match(failed, { rpc: 'DeleteVolume', code: 'NOT_FOUND' });
  t.equal(failed.message, 'DeleteVolume: volume "größe 100 % 卷" does not exist');
  t.equal(failed.remedy, 'List what exists with `pannier volume status`.');
  await t.rejects(controller.getCapacity({}), { code: 'UNIMPLEMENTED', message: /./ });
  const unforeseen = await controller.createVolume({}).catch((error) => error);
  t.match(unforeseen, { code: 'INTERNAL', message: /internal error/, remedy: undefined });
});

t.test('a call that is not answered in time ends, and the next one works', async (t) => {
  const controller = await client(
    t,
    {
      listVolumes: () => new Promise(() => {}),
      controllerGetCapabilities: async () => ({ capabilities: [] }),
    },
    200,
  );
  await t.rejects(controller.listVolumes({}), { code: 'DEADLINE_EXCEEDED' });
  t.same((await controller.controllerGetCapabilities({})).capabilities, []);
});

t.test('a connection that is refused, or cut before the answer, is no answer', async (t) => {
  const folder = await socketFolder(t);
  const nowhere = connect({ kind: 'unix', path: join(folder, 'none.sock') }, 60_000);
  t.teardown(() => nowhere.close());
  const refused = await nowhere
    .service(Controller)
    .listVolumes({})
    .catch((error) => error);
  t.type(refused, NotConnected);
  t.match(refused.cause, { code: 'ENOENT' });

  const path = join(folder, 'cut.sock');
  const server = createServer((socket) => socket.once('data', () => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(() => server.close());
  const cut = connect({ kind: 'unix', path }, 60_000);
  t.teardown(() => cut.close());
  await t.rejects(cut.service(Controller).listVolumes({}), NotConnected);
});
