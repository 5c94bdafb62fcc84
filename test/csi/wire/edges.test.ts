import { type AddressInfo, createServer } from 'node:net';
import { create, createFileRegistry, type DescMethod, fromBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { Metadata, status } from '@grpc/grpc-js';
import t from 'tap';
import { implement, methodDefinition } from '../../../src/csi/wire/adapter.js';
import { connect } from '../../../src/csi/wire/client.js';
import { reflectionServices } from '../../../src/csi/wire/reflection.js';
import { serve } from '../../../src/csi/wire/server.js';
import {
  Controller,
  type GetMetadataAllocatedResponse,
  Identity,
  SnapshotMetadata,
} from '../../../src/proto/csi/v1/csi_pb.js';
import { Health } from '../../../src/proto/grpc/health/v1/health_pb.js';
import {
  ServerReflection,
  type ServerReflectionResponse,
} from '../../../src/proto/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionAlpha } from '../../../src/proto/grpc/reflection/v1alpha/reflection_pb.js';
import { fail } from '../../../src/volume/errors.js';
import { callRaw, drainStream, newEndpoint, rawClient, recordingLog } from './rig.js';

t.test('a stream of the server brings its messages, and its error', async (t) => {
  const { log, lines } = recordingLog();
  const endpoint = newEndpoint();
  const service = implement(SnapshotMetadata, {
    async *getMetadataAllocated({ startingOffset }) {
      for (let i = 0n; i < 300n; i++)
        yield { blockMetadata: [{ byteOffset: startingOffset + i, sizeBytes: 1n << 20n }] };
      if (startingOffset > 0n) fail('volume-not-found', { volume: 'gone' });
    },
  });
  const server = await serve(endpoint, [service], log);
  const read = async (startingOffset: bigint) => {
    const client = rawClient(endpoint);
    const method = SnapshotMetadata.method.getMetadataAllocated;
    const { path, requestSerialize, responseDeserialize } = methodDefinition(method);
    const request = create(method.input, { startingOffset });
    const result = await drainStream<GetMetadataAllocatedResponse>(
      client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request),
    );
    client.close();
    return result;
  };
  const whole = await read(0n);
  t.equal(whole.error, undefined);
  t.same(
    whole.messages.map(({ blockMetadata }) => blockMetadata[0]?.byteOffset),
    Array.from({ length: 300 }, (_, i) => BigInt(i)),
  );
  t.match(await read(5n), {
    error: {
      code: status.NOT_FOUND,
      details: /^GetMetadataAllocated: volume "gone" does not exist\. /,
    },
  });
  await server.close(60_000);
  t.match(
    lines.filter(({ level }) => level !== 'debug').map(({ code }) => code),
    ['OK', 'NOT_FOUND'],
  );
});

t.test('the log names what failed, under the id that the caller gave', async (t) => {
  const { log, lines } = recordingLog();
  const endpoint = newEndpoint();
  const service = implement(Controller, {
    async deleteVolume() {
      throw new Error('outer', { cause: new Error('the inner reason') });
    },
    async controllerExpandVolume() {
      return { capacityBytes: 1n << 64n };
    },
  });
  const server = await serve(endpoint, [service], log);
  const call = async (method: DescMethod, id: string) => {
    const metadata = new Metadata();
    metadata.set('x-request-id', id);
    const error = await callRaw(endpoint, method, { volumeId: 'v' }, metadata).answer;
    return { error, line: lines.findLast(({ level }) => level !== 'debug') };
  };
  const thrown = await call(Controller.method.deleteVolume, 'caller-7');
  t.match(thrown.error, { code: status.INTERNAL, details: /request id caller-7$/ });
  t.notMatch(thrown.error?.details, 'reason', 'no cause is told to the caller');
  t.match(thrown.line, {
    level: 'error',
    requestId: 'caller-7',
    error: /caused by .*inner reason/s,
  });

  const long = await call(Controller.method.deleteVolume, 'x'.repeat(2000));
  t.match(long.line?.requestId, /^[0-9a-f-]{36}$/, 'what no id can be is replaced');

  const unencodable = await call(Controller.method.controllerExpandVolume, 'big');
  t.match(unencodable.error, { code: status.INTERNAL, details: /request id big$/ });
  t.match(unencodable.line, { level: 'error', rpc: 'ControllerExpandVolume', code: 'INTERNAL' });

  const absent = await call(Controller.method.createSnapshot, 'snap');
  t.match(absent.error, { code: status.UNIMPLEMENTED, details: /^CreateSnapshot: / });
  t.match(absent.line, { level: 'warn', rpc: 'CreateSnapshot', code: 'UNIMPLEMENTED' });
  await server.close(60_000);
});

t.test('large requests pass up to a limit; no server is UNAVAILABLE', async (t) => {
  const { log } = recordingLog();
  const endpoint = newEndpoint();
  const service = implement(Controller, {
    async createVolume({ parameters }) {
      return { volume: { volumeId: `${parameters.big?.length}` } };
    },
  });
  const server = await serve(endpoint, [service], log);
  const connection = connect(endpoint);
  const client = connection.service(Controller);
  const send = (bytes: number) => client.createVolume({ parameters: { big: 'x'.repeat(bytes) } });
  t.equal((await send(8 << 20)).volume?.volumeId, `${8 << 20}`);
  await t.rejects(send(17 << 20), { code: 'RESOURCE_EXHAUSTED' });
  t.equal((await send(1)).volume?.volumeId, '1', 'and the connection lives on');
  await server.close(60_000);
  connection.close();
  const nobody = connect(endpoint);
  await t.rejects(nobody.service(Controller).createVolume({}), { code: 'UNAVAILABLE' });
  nobody.close();
});

t.test('a plugin can listen on TCP, and a port in use is refused', async (t) => {
  const { log } = recordingLog();
  const spare = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => spare.once('listening', resolve));
  const endpoint = `tcp://127.0.0.1:${(spare.address() as AddressInfo).port}`;
  const service = implement(Identity, {
    async probe() {
      return { ready: true };
    },
  });
  await t.rejects(
    serve(endpoint, [service], log),
    /cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/,
  );
  await new Promise((resolve) => spare.close(resolve));
  const server = await serve(endpoint, [service], log);
  const connection = connect(endpoint);
  t.equal((await connection.service(Identity).probe({})).ready, true);
  connection.close();
  await server.close(60_000);
});

t.test('a tool learns every type from reflection alone, new protocol and old', async (t) => {
  const { log } = recordingLog();
  const endpoint = newEndpoint();
  const server = await serve(endpoint, reflectionServices([Identity, Controller, Health]), log);
  for (const protocol of [ServerReflection, ServerReflectionAlpha]) {
    const ask = asker(endpoint, protocol.method.serverReflectionInfo);
    const files = new Map<string, FileDescriptorProto>();
    const learn = async (question: 'fileContainingSymbol' | 'fileByFilename', value: string) => {
      const { messageResponse } = await ask({ messageRequest: { case: question, value } });
      if (messageResponse.case !== 'fileDescriptorResponse') throw new Error(`no file: ${value}`);
      for (const bytes of messageResponse.value.fileDescriptorProto) {
        const file = fromBinary(FileDescriptorProtoSchema, bytes);
        files.set(file.name, file);
        for (const name of file.dependency)
          if (!files.has(name)) await learn('fileByFilename', name);
      }
    };
    await learn('fileContainingSymbol', 'csi.v1.Controller');
    const registry = createFileRegistry(
      create(FileDescriptorSetSchema, { file: [...files.values()].reverse() }),
    );
    t.same(
      registry.getService('csi.v1.Controller')?.methods.map(({ name }) => name),
      Controller.methods.map(({ name }) => name),
      protocol.typeName,
    );
    const { messageResponse } = await ask({
      messageRequest: {
        case: 'fileContainingExtension',
        value: { containingType: 'google.protobuf.FieldOptions', extensionNumber: 1059 },
      },
    });
    t.equal(messageResponse.case, 'fileDescriptorResponse', 'where csi_secret is declared');
    ask.end();
  }
  await server.close(60_000);
});

/** Asks one question after the other over one reflection stream. */
function asker(endpoint: string, method: typeof ServerReflection.method.serverReflectionInfo) {
  const client = rawClient(endpoint);
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method);
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  stream.once('end', () => client.close());
  const ask = (request: Parameters<typeof create<typeof method.input>>[1]) =>
    new Promise<ServerReflectionResponse>((resolve, reject) => {
      stream.once('data', resolve);
      stream.once('error', reject);
      stream.write(create(method.input, request));
    });
  return Object.assign(ask, { end: () => stream.end() });
}
