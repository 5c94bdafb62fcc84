import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectSocket, createServer } from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import t from 'tap';
import { implement, methodDefinition } from '../../../src/csi/wire/adapter.js';
import { CallError, connect } from '../../../src/csi/wire/client.js';
import { parseEndpoint } from '../../../src/csi/wire/endpoint.js';
import { HealthService } from '../../../src/csi/wire/health.js';
import { redact, STRIPPED } from '../../../src/csi/wire/redact.js';
import { reflectionServices } from '../../../src/csi/wire/reflection.js';
import { serve } from '../../../src/csi/wire/server.js';
import {
  Controller,
  CreateVolumeRequestSchema,
  CreateVolumeResponseSchema,
  Identity,
  Node,
  NodeStageVolumeRequestSchema,
} from '../../../src/proto/csi/v1/csi_pb.js';
import {
  Health,
  HealthCheckResponse_ServingStatus as Serving,
} from '../../../src/proto/grpc/health/v1/health_pb.js';
import {
  ServerReflection,
  type ServerReflectionResponse,
} from '../../../src/proto/grpc/reflection/v1/reflection_pb.js';
import { fail } from '../../../src/volume/errors.js';
import { gate, newEndpoint, pathOf, rawClient, recordingLog } from './rig.js';

const identity = implement(Identity, {
  async probe() {
    return { ready: true };
  },
});

const slowBegun = gate();
const slowMayEnd = gate();
const controller = implement(Controller, {
  async createVolume({ name }) {
    if (name === 'slow') {
      slowBegun.open();
      await slowMayEnd.opened;
    }
    if (name === 'missing') fail('missing-field', { field: 'name' });
    if (name === 'broken') throw new Error('the database is on fire');
    if (name === 'thrown') throw 'a string';
    return { volume: { volumeId: `id of ${name}`, capacityBytes: 1n << 62n } };
  },
  deleteVolume() {
    throw new TypeError('thrown before any promise');
  },
});

t.test('endpoints, as orchestrators and their users write them', async (t) => {
  const unix = (path: string) => ({ kind: 'unix', path });
  t.same(parseEndpoint('unix:///csi/csi.sock'), unix('/csi/csi.sock'));
  t.same(parseEndpoint('unix://csi/csi.sock'), unix('/csi/csi.sock'), 'two slashes');
  t.same(parseEndpoint('unix:/csi/csi.sock'), unix('/csi/csi.sock'));
  t.same(parseEndpoint('/csi/csi.sock'), unix('/csi/csi.sock'));
  t.same(parseEndpoint('tcp://127.0.0.1:10000'), { kind: 'tcp', host: '127.0.0.1', port: 10000 });
  t.same(parseEndpoint('tcp://[::1]:1'), { kind: 'tcp', host: '[::1]', port: 1 });
  for (const bad of [
    '',
    'unix://',
    'csi.sock',
    '/csi/',
    'tcp://x',
    'tcp://x:99999',
    `/${'x'.repeat(107)}`,
  ])
    t.throws(() => parseEndpoint(bad), { code: 'INVALID_ARGUMENT' }, JSON.stringify(bad));
});

t.test('a call goes there and back; an error has its code, the RPC, and what to do', async (t) => {
  const { log, lines } = recordingLog();
  const endpoint = newEndpoint();
  const server = await serve(endpoint, [identity, controller], log);
  const connection = connect(endpoint);
  t.teardown(async () => {
    connection.close();
    await server.close(1000);
  });
  const client = connection.service(Controller);
  const { volume } = await client.createVolume({ name: 'x' });
  t.equal(volume?.volumeId, 'id of x');
  t.equal(volume?.capacityBytes, 1n << 62n, 'no digit is lost');

  const error = await client.createVolume({ name: 'missing' }).catch((error) => error);
  t.type(error, CallError);
  t.equal(error.code, 'INVALID_ARGUMENT');
  t.equal(
    error.message,
    'CreateVolume: name is missing. The caller must set it; see the CSI specification.',
  );
  for (const name of ['broken', 'thrown'])
    t.match(await client.createVolume({ name }).catch((error) => error), {
      code: 'INTERNAL',
      message: /^CreateVolume: internal error; .* request id [0-9a-f-]{36}$/,
    });
  t.match(
    lines.find(({ error }) => String(error).includes('on fire')),
    { level: 'error' },
  );
  t.match(await client.deleteVolume({}).catch((error) => error), { code: 'INTERNAL' });
  t.match(await client.listVolumes({}).catch((error) => error), { code: 'UNIMPLEMENTED' });
  t.match(
    await connection
      .service(Node)
      .nodeGetInfo({})
      .catch((error) => error),
    {
      code: 'UNIMPLEMENTED',
    },
  );
  t.equal(statSync(pathOf(endpoint)).mode & 0o777, 0o660);
});

t.test('one log line a call, Probe only at debug, and never a secret', async (t) => {
  const { log, lines } = recordingLog();
  const endpoint = newEndpoint();
  const server = await serve(endpoint, [identity, controller], log);
  const connection = connect(endpoint);
  await connection.service(Identity).probe({});
  t.same(
    lines.filter(({ level }) => level !== 'debug'),
    [],
    'Probe is quiet',
  );
  await connection.service(Controller).createVolume({
    name: 'data',
    parameters: { pool: 'rbd' },
    secrets: { userKey: 'AQD-very-secret==' },
  });
  connection.close();
  await server.close(1000);
  t.match(lines.at(-1), { level: 'info', rpc: 'CreateVolume', name: 'data', code: 'OK' });
  t.type(lines.at(-1)?.ms, 'number');
  const request = lines.find((line) => line.request !== undefined && line.rpc === 'CreateVolume');
  t.match(request?.request, { name: 'data', parameters: { pool: 'rbd' }, secrets: STRIPPED });
  t.notMatch(JSON.stringify(lines), 'very-secret');
});

t.test('secrets are found by the option csi_secret, wherever they are', async (t) => {
  const stage = create(NodeStageVolumeRequestSchema, {
    volumeId: 'v',
    secrets: { passphrase: 'hush' },
    volumeContext: { a: 'b' },
    volumeCapability: { accessType: { case: 'mount', value: { mountFlags: ['noatime'] } } },
  });
  t.same(redact(NodeStageVolumeRequestSchema, stage), {
    volume_id: 'v',
    secrets: STRIPPED,
    volume_context: { a: 'b' },
    volume_capability: { mount: { mount_flags: ['noatime'] } },
  });
  const request = create(CreateVolumeRequestSchema, {
    capacityRange: { requiredBytes: 2n ** 62n, limitBytes: 5n },
    volumeCapabilities: [{ accessMode: { mode: 1 }, accessType: { case: 'block', value: {} } }],
  });
  t.same(redact(CreateVolumeRequestSchema, request), {
    capacity_range: { required_bytes: '4611686018427387904', limit_bytes: 5 },
    volume_capabilities: [{ block: {}, access_mode: { mode: 'SINGLE_NODE_WRITER' } }],
  });
});

t.test('a stale socket is removed, a live one is never stolen', async (t) => {
  const { log } = recordingLog();
  const endpoint = newEndpoint();
  const first = await serve(endpoint, [identity], log);
  await t.rejects(serve(endpoint, [identity], log), /another process listens on/);
  await connect(endpoint).service(Identity).probe({});
  await first.close(1000);
  t.equal(existsSync(pathOf(endpoint)), false, 'the socket goes with its server');

  writeFileSync(pathOf(endpoint), 'precious');
  await t.rejects(serve(endpoint, [identity], log), /is not a socket/);
  rmSync(pathOf(endpoint));

  const stale = createServer().listen(pathOf(endpoint));
  await new Promise((resolve) => stale.once('listening', resolve));
  await t.rejects(serve(endpoint, [identity], log), /another process listens on/, 'a stranger');
  stale.close();
  const second = await serve(endpoint, [identity], log);
  await second.close(1000);
});

t.test('of many that start at once on a stale socket, one wins and is left alone', async (t) => {
  const { log } = recordingLog();
  const endpoint = newEndpoint();
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () => serve(endpoint, [identity], log)),
  );
  const winners = results.filter((result) => result.status === 'fulfilled');
  t.equal(winners.length, 1);
  const connection = connect(endpoint);
  t.same((await connection.service(Identity).probe({})).ready, true);
  connection.close();
  await winners[0]?.value.close(1000);
});

t.test('closing lets the calls in flight finish', async (t) => {
  const { log } = recordingLog();
  const endpoint = newEndpoint();
  const server = await serve(endpoint, [controller], log);
  const connection = connect(endpoint);
  const slow = connection.service(Controller).createVolume({ name: 'slow' });
  await slowBegun.opened;
  const closing = server.close(60_000);
  slowMayEnd.open();
  t.equal((await slow).volume?.volumeId, 'id of slow');
  await closing;
  t.match(
    await connection
      .service(Controller)
      .createVolume({})
      .catch((error) => error),
    {
      code: 'UNAVAILABLE',
    },
  );
  connection.close();
});

t.test('health and reflection tell what is served', async (t) => {
  const { log } = recordingLog();
  const endpoint = newEndpoint();
  const health = new HealthService([Identity, Controller]);
  const server = await serve(
    endpoint,
    [
      identity,
      controller,
      health.implementation(),
      ...reflectionServices([Identity, Controller, Health]),
    ],
    log,
  );
  const connection = connect(endpoint);
  t.teardown(async () => {
    connection.close();
    await server.close(1000);
  });
  const client = connection.service(Health);
  t.equal((await client.check({ service: 'csi.v1.Controller' })).status, Serving.SERVING);
  t.match(await client.check({ service: 'nobody' }).catch((error) => error), { code: 'NOT_FOUND' });
  health.drain();
  t.equal((await client.check({})).status, Serving.NOT_SERVING);

  const ask = (request: object) => reflect(endpoint, request);
  const services = await ask({ messageRequest: { case: 'listServices', value: '' } });
  t.same(
    services.messageResponse.case === 'listServicesResponse' &&
      services.messageResponse.value.service.map(({ name }) => name),
    ['csi.v1.Identity', 'csi.v1.Controller', 'grpc.health.v1.Health'],
  );
  for (const symbol of ['csi.v1.Controller', 'csi.v1.Controller.CreateVolume', 'csi.v1.Volume']) {
    const { messageResponse } = await ask({
      messageRequest: { case: 'fileContainingSymbol', value: symbol },
    });
    if (messageResponse.case !== 'fileDescriptorResponse') throw new Error(symbol);
    const [bytes] = messageResponse.value.fileDescriptorProto;
    t.equal(
      fromBinary(FileDescriptorProtoSchema, bytes ?? new Uint8Array()).package,
      'csi.v1',
      symbol,
    );
  }
  const unknown = await ask({ messageRequest: { case: 'fileByFilename', value: 'no.proto' } });
  t.equal(unknown.messageResponse.case, 'errorResponse');
});

/** One question over the reflection stream. */
function reflect(endpoint: string, request: object): Promise<ServerReflectionResponse> {
  const client = rawClient(endpoint);
  const definition = methodDefinition(ServerReflection.method.serverReflectionInfo);
  const stream = client.makeBidiStreamRequest(
    definition.path,
    definition.requestSerialize,
    definition.responseDeserialize,
  );
  return new Promise((resolve, reject) => {
    stream.once('data', (answer: ServerReflectionResponse) => {
      resolve(answer);
      stream.end();
    });
    stream.once('error', reject);
    stream.once('end', () => client.close());
    stream.write(create(ServerReflection.method.serverReflectionInfo.input, request));
  });
}

t.test('a client with the authority "localhost", as Nomad sends it, is understood', async (t) => {
  const { log } = recordingLog();
  const endpoint = newEndpoint();
  const server = await serve(endpoint, [controller], log);
  const session = connectHttp2('http://localhost', {
    createConnection: () => connectSocket({ path: pathOf(endpoint) }),
  });
  t.teardown(async () => {
    session.destroy();
    await server.close(1000);
  });
  const request = toBinary(
    CreateVolumeRequestSchema,
    create(CreateVolumeRequestSchema, { name: 'n' }),
  );
  const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, request.length]), request]);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/csi.v1.Controller/CreateVolume',
    ':authority': 'localhost',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.end(framed);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const answer = fromBinary(CreateVolumeResponseSchema, Buffer.concat(chunks).subarray(5));
  t.equal(answer.volume?.volumeId, 'id of n');
});
