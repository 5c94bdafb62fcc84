import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clone, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import t from 'tap';
import { file_csi_v1_csi } from '../../src/proto/csi/v1/csi_pb.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

function official(): FileDescriptorProto {
  execFileSync('sh', [join(root, 'test/tools/build.sh'), 'csi-descriptor'], { timeout: 300_000 });
  const bytes = execFileSync(join(root, 'test/tools/bin/csi-descriptor'), { timeout: 10_000 });
  return fromBinary(FileDescriptorProtoSchema, bytes);
}

/** Options as text: extensions are unknown fields to the descriptor's own schema, compared by number and bytes. */
function options(
  holder: { $unknown?: readonly { no: number; data: Uint8Array }[] | undefined } | undefined,
): string {
  return (holder?.$unknown ?? [])
    .map(({ no, data }) => `${no}=${Buffer.from(data).toString('hex')}`)
    .sort()
    .join(' ');
}

/** Every fact of a descriptor, a line each, in an order that does not depend on the file's. */
function facts(file: FileDescriptorProto): string[] {
  const lines: string[] = [`package ${file.package}`, `syntax ${file.syntax}`];
  for (const extension of file.extension)
    lines.push(
      `extend ${extension.extendee} ${extension.name} ${extension.number} ${Type[extension.type]}`,
    );
  for (const message of file.messageType) messageFacts(message, '', lines);
  for (const type of file.enumType) enumFacts(type, '', lines);
  for (const service of file.service) {
    lines.push(`service ${service.name} [${options(service.options)}]`);
    for (const method of service.method)
      lines.push(
        `method ${service.name}.${method.name} ${method.clientStreaming}${method.inputType} ${method.serverStreaming}${method.outputType} [${options(method.options)}]`,
      );
  }
  return lines.sort();
}

function messageFacts(message: DescriptorProto, parent: string, lines: string[]): void {
  const name = `${parent}.${message.name}`;
  lines.push(`message ${name} [${options(message.options)}] map=${message.options?.mapEntry}`);
  for (const field of message.field) {
    const oneof = field.oneofIndex === undefined ? '' : message.oneofDecl[field.oneofIndex]?.name;
    lines.push(
      `field ${name}.${field.name} ${field.number} ${Label[field.label]} ${Type[field.type]} ${field.typeName} oneof=${field.oneofIndex === undefined || !isSet(field) ? '' : oneof} optional=${field.proto3Optional} [${options(field.options)}]`,
    );
  }
  for (const range of message.reservedRange)
    lines.push(`reserved ${name} ${range.start}-${range.end}`);
  for (const word of message.reservedName) lines.push(`reserved ${name} "${word}"`);
  for (const nested of message.nestedType) messageFacts(nested, name, lines);
  for (const type of message.enumType) enumFacts(type, name, lines);
}

/** A field is in a oneof where its descriptor says so: index 0 is also what an absent index reads as. */
function isSet(field: { $typeName: string; oneofIndex: number }): boolean {
  return Object.hasOwn(field, 'oneofIndex');
}

function enumFacts(type: EnumDescriptorProto, parent: string, lines: string[]): void {
  const name = `${parent}.${type.name}`;
  lines.push(`enum ${name} [${options(type.options)}]`);
  for (const value of type.value)
    lines.push(`value ${name}.${value.name} ${value.number} [${options(value.options)}]`);
  for (const range of type.reservedRange)
    lines.push(`reserved ${name} ${range.start}-${range.end}`);
}

function compare(left: FileDescriptorProto, right: FileDescriptorProto) {
  const [ours, theirs] = [facts(left), facts(right)];
  return {
    missing: theirs.filter((line) => !ours.includes(line)),
    extra: ours.filter((line) => !theirs.includes(line)),
  };
}

// Read again from bytes, so that options are unknown fields on both sides.
const ours = fromBinary(
  FileDescriptorProtoSchema,
  toBinary(FileDescriptorProtoSchema, file_csi_v1_csi.proto),
);

t.test('our proto is CSI 1.13, fact by fact', async (t) => {
  const theirs = official();
  t.same(compare(ours, theirs), { missing: [], extra: [] });
  const lines = facts(theirs);
  const count = (word: string) => lines.filter((line) => line.startsWith(`${word} `)).length;
  t.equal(count('service'), 5);
  t.ok(count('method') > 35, `${count('method')} methods`);
  t.ok(count('field') > 150, `${count('field')} fields`);
  t.ok(lines.filter((line) => line.includes('1059=')).length > 15, 'fields with csi_secret');
  t.ok(lines.filter((line) => line.includes('1060=')).length > 10, 'alpha options');
});

t.test('the comparison sees every kind of difference', async (t) => {
  const mutations: Record<string, (file: FileDescriptorProto) => void> = {
    'a field number': (file) =>
      Object.assign(fieldOf(file, 'CreateVolumeRequest', 'name'), { number: 99 }),
    'a field type': (file) =>
      Object.assign(fieldOf(file, 'Volume', 'capacity_bytes'), { type: Type.UINT64 }),
    'a label': (file) =>
      Object.assign(fieldOf(file, 'Volume', 'volume_id'), { label: Label.REPEATED }),
    'a secret that is not marked': (file) =>
      Object.assign(fieldOf(file, 'CreateVolumeRequest', 'secrets'), { options: undefined }),
    'a method': (file) => file.service[0]?.method.pop(),
    streaming: (file) => Object.assign(file.service[0]?.method[0] ?? {}, { serverStreaming: true }),
    'a message': (file) => file.messageType.pop(),
    'an enum value': (file) => file.enumType[0]?.value.pop(),
    'a reserved number': (file) =>
      file.messageType
        .find(({ name }) => name === 'NodeGetVolumeStatsResponse')
        ?.reservedRange.pop(),
  };
  for (const [what, mutate] of Object.entries(mutations)) {
    const copy = clone(FileDescriptorProtoSchema, ours);
    mutate(copy);
    const { missing, extra } = compare(copy, ours);
    t.ok(missing.length + extra.length > 0, what);
  }
});

function fieldOf(file: FileDescriptorProto, message: string, field: string): object {
  const found = file.messageType
    .find(({ name }) => name === message)
    ?.field.find(({ name }) => name === field);
  if (found === undefined) throw new Error(`${message}.${field} is not there`);
  return found;
}
