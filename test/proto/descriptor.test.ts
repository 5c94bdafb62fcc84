import { execFileSync } from 'node:child_process';
import { clone, createRegistry, fromBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import t from 'tap';
import { file_csi_v1_csi } from '../../src/proto/csi/v1/csi_pb.js';
import { goTool } from '../tools/build.js';
import { factsOf } from './facts.js';

const registry = createRegistry(file_csi_v1_csi);
const official = fromBinary(
  FileDescriptorProtoSchema,
  execFileSync(await goTool('csi-descriptor'), { timeout: 30_000 }),
);
const wanted = factsOf(official, registry);

t.test('our proto file and the official one say the same, fact by fact', (t) => {
  t.same(factsOf(file_csi_v1_csi.proto, registry), wanted);
  t.end();
});

t.test('the comparison covers everything that CSI 1.13 declares', (t) => {
  const count = (pattern: RegExp) => wanted.filter((fact) => pattern.test(fact)).length;
  t.equal(count(/^service /), 5);
  t.equal(count(/^method /), 36);
  t.equal(count(/^method .* -> stream /), 2);
  t.equal(count(/^extension /), 7);
  t.equal(count(/\[csi\.v1\.csi_secret\]=true/), 22);
  t.equal(count(/^reserved /), 5);
  for (const option of [
    'alpha_method',
    'alpha_message',
    'alpha_field',
    'alpha_enum_value',
    'alpha_service',
  ])
    t.ok(count(new RegExp(`\\[csi\\.v1\\.${option}\\]=true`)) > 0, `${option} is compared`);
  for (const kind of ['message', 'field', 'oneof', 'enum', 'value', 'import'])
    t.ok(count(new RegExp(`^${kind} `)) > 2, `${kind}s are compared`);
  t.notOk(count(/=0x/), 'no option is unknown');
  t.end();
});

const changes: Record<string, (file: FileDescriptorProto) => void> = {
  'a renamed message': (file) => {
    message(file, 'Volume').name = 'Volum';
  },
  'a missing message': (file) => {
    file.messageType = file.messageType.filter(({ name }) => name !== 'DeleteVolumeResponse');
  },
  'a renamed field': (file) => {
    field(file, 'Volume', 'volume_id').name = 'id';
  },
  'a renumbered field': (file) => {
    field(file, 'Volume', 'volume_id').number = 9;
  },
  'a field of another type': (file) => {
    field(file, 'Volume', 'capacity_bytes').type = Type.UINT64;
  },
  'a field of another message type': (file) => {
    field(file, 'Volume', 'content_source').typeName = '.csi.v1.Topology';
  },
  'a field that is not repeated': (file) => {
    field(file, 'Volume', 'accessible_topology').label = Label.OPTIONAL;
  },
  'a field outside its oneof': (file) => {
    const { oneofIndex: _, ...outside } = field(file, 'VolumeCapability', 'block');
    message(file, 'VolumeCapability').field[0] = outside as DescriptorProto['field'][number];
  },
  'a renamed oneof': (file) => {
    at(message(file, 'VolumeCapability').oneofDecl, ({ name }) => name === 'access_type').name =
      'x';
  },
  'a secret that is not marked': (file) => {
    delete field(file, 'CreateVolumeRequest', 'secrets').options;
  },
  'an unknown option': (file) => {
    const { options } = field(file, 'CreateVolumeRequest', 'secrets');
    options?.$unknown?.push({ no: 2000, wireType: 0, data: new Uint8Array([1]) });
  },
  'an alpha message that is not marked': (file) => {
    delete message(file, 'VolumeHealth').options;
  },
  'another number of an enum value': (file) => {
    at(at(file.enumType, ({ name }) => name === 'BlockMetadataType').value, () => true).number = 7;
  },
  'a reserved number that is free': (file) => {
    message(file, 'NodeGetVolumeStatsResponse').reservedRange = [];
  },
  'a missing method': (file) => {
    at(file.service, ({ name }) => name === 'Node').method.pop();
  },
  'a stream that is none': (file) => {
    at(
      at(file.service, ({ name }) => name === 'SnapshotMetadata').method,
      () => true,
    ).serverStreaming = false;
  },
  'a method that answers something else': (file) => {
    at(at(file.service, ({ name }) => name === 'Identity').method, () => true).outputType =
      '.csi.v1.ProbeResponse';
  },
  'an option with another number': (file) => {
    at(file.extension, ({ name }) => name === 'csi_secret').number = 1061;
  },
};

t.test('a file with one difference is found different', (t) => {
  for (const [what, change] of Object.entries(changes)) {
    const copy = clone(FileDescriptorProtoSchema, official);
    t.same(factsOf(copy, registry), wanted, `before ${what}`);
    change(copy);
    t.notSame(factsOf(copy, registry), wanted, what);
  }
  t.end();
});

function message(file: FileDescriptorProto, name: string): DescriptorProto {
  return at(file.messageType, (message) => message.name === name);
}

function field(file: FileDescriptorProto, inMessage: string, name: string) {
  return at(message(file, inMessage).field, (field) => field.name === name);
}

function at<T>(list: readonly T[], matches: (item: T) => boolean): T {
  const found = list.find(matches);
  if (found === undefined) throw new Error('the official file has no such thing');
  return found;
}
