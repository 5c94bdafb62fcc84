import { existsSync, readdirSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectSocket, createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import t from 'tap';
import { methodDefinition } from '../../../src/csi/wire/adapter.js';
import { connect } from '../../../src/csi/wire/client.js';
import { HealthService } from '../../../src/csi/wire/health.js';
import { serve } from '../../../src/csi/wire/server.js';
import { Controller, Identity } from '../../../src/proto/csi/v1/csi_pb.js';
import {
  Health,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus as Serving,
} from '../../../src/proto/grpc/health/v1/health_pb.js';
import {
  callRaw,
  drainStream,
  newEndpoint,
  pathOf,
  rawClient,
  recordingLog,
  waitingController,
} from './rig.js';

t.test('a caller that leaves is noticed, and what it began goes on', async (t) => {
  const { log, lines } = recordingLog();
  for (const how of ['cancels', 'runs out of time']) {
    const endpoint = newEndpoint();
    const { service, begun, callerLeft, release, ended } = waitingController();
    const server = await serve(endpoint, [service], log);
    if (how === 'cancels') {
      const call = callRaw(endpoint, Controller.method.deleteVolume, { volumeId: 'v' });
      await begun.opened;
      call.cancel();
      t.match(await call.answer, { code: status.CANCELLED });
    } else {
      const connection = connect(endpoint, { limitMs: 300 });
      const answer = connection.service(Controller).deleteVolume({ volumeId: 'v' });
      await t.rejects(answer, { code: 'DEADLINE_EXCEEDED' });
      connection.close();
    }
    await callerLeft.opened;
    release.open();
    await ended.opened;
    await server.close(60_000);
    t.match(
      lines.at(-1),
      { rpc: 'DeleteVolume', volumeId: 'v', code: 'OK', callerLeft: true },
      how,
    );
  }
});

t.test('closing waits for the end of what a caller left behind', async (t) => {
  const { log, lines } = recordingLog();
  for (const connected of [true, false]) {
    const endpoint = newEndpoint();
    const { service, callerLeft, release, ended } = waitingController();
    const server = await serve(endpoint, [service], log);
    const connection = connect(endpoint, { limitMs: 300 });
    const answer = connection.service(Controller).deleteVolume({ volumeId: 'v' });
    await t.rejects(answer, { code: 'DEADLINE_EXCEEDED' });
    if (!connected) connection.close();
    await callerLeft.opened;
    const closed = server.close(600_000).then(() => 'closed');
    t.equal(await Promise.race([closed, sleep(200, 'in work')]), 'in work');
    release.open();
    t.equal(await Promise.race([closed, ended.opened]), undefined, 'it is finished first');
    await closed;
    t.match(lines.at(-1), { rpc: 'DeleteVolume', code: 'OK', callerLeft: true });
    connection.close();
  }
});

t.test('closing does not wait for a connection on which nobody calls', async (t) => {
  const { log } = recordingLog();
  const endpoint = newEndpoint();
  const { service } = waitingController();
  const server = await serve(endpoint, [service], log);
  const silent = connectSocket(pathOf(endpoint));
  const leaving = connectHttp2('http://localhost', {
    createConnection: () => connectSocket(pathOf(endpoint)),
  });
  for (const one of [silent, leaving]) {
    one.on('error', () => undefined);
    await new Promise((resolve) => one.once('connect', resolve));
  }
  const ended = [silent, leaving].map(
    (one) => new Promise((resolve) => one.once('close', resolve)),
  );
  leaving.goaway(0);
  await server.close(600_000);
  silent.destroy();
  leaving.destroy();
  await Promise.all(ended);
  t.same(readdirSync(dirname(pathOf(endpoint))), []);
});

t.test('closing ends a call that outlives the grace, and leaves an empty folder', async (t) => {
  const { log } = recordingLog();
  const endpoint = newEndpoint();
  const { service, begun, release, ended } = waitingController();
  const server = await serve(endpoint, [service], log);
  t.same(readdirSync(dirname(pathOf(endpoint))), ['csi.sock'], 'nothing but the socket');
  const connection = connect(endpoint);
  const refused = t.rejects(connection.service(Controller).deleteVolume({}), { name: 'CallError' });
  await begun.opened;
  await server.close(10);
  await refused;
  connection.close();
  t.same(readdirSync(dirname(pathOf(endpoint))), []);
  release.open();
  await ended.opened;
  const again = await serve(endpoint, [service], log);
  await again.close(60_000);
});

t.test('a server that drains leaves alone the socket of its successor', async (t) => {
  const { log } = recordingLog();
  const endpoint = newEndpoint();
  const { service, begun, release } = waitingController();
  const server = await serve(endpoint, [service], log);
  const connection = connect(endpoint);
  const answer = connection.service(Controller).deleteVolume({});
  await begun.opened;
  const closed = server.close(60_000);
  t.equal(existsSync(pathOf(endpoint)), false, 'no new caller comes');
  await t.rejects(serve(endpoint, [service], log), /another process listens/);
  const successor = createServer().listen(pathOf(endpoint));
  await new Promise((resolve) => successor.once('listening', resolve));
  release.open();
  await answer;
  connection.close();
  await closed;
  t.equal(existsSync(pathOf(endpoint)), true);
  await new Promise((resolve) => successor.close(resolve));
});

t.test('a watch of the health tells of the drain, ends, and does not hold it up', async (t) => {
  const { log } = recordingLog();
  const endpoint = newEndpoint();
  const health = new HealthService([Identity]);
  const server = await serve(endpoint, [health.implementation()], log);
  const watch = (service: string) => {
    const client = rawClient(endpoint);
    const { path, requestSerialize, responseDeserialize, ...rest } = methodDefinition(
      Health.method.watch,
    );
    t.equal(rest.responseStream, true);
    const message = create(Health.method.watch.input, { service });
    const stream = client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      message,
    );
    const first = new Promise((resolve) => stream.once('data', resolve));
    const all = drainStream<HealthCheckResponse>(stream).finally(() => client.close());
    return { first, all };
  };
  const known = watch('csi.v1.Identity');
  const unknown = watch('nobody');
  await Promise.all([known.first, unknown.first]);
  health.drain();
  await server.close(600_000);
  const statuses = async ({ all }: ReturnType<typeof watch>) => {
    const { messages, error } = await all;
    t.equal(error, undefined);
    return messages.map(({ status }) => Serving[status]);
  };
  t.same(await statuses(known), ['SERVING', 'NOT_SERVING']);
  t.same(await statuses(unknown), ['SERVICE_UNKNOWN']);
});
