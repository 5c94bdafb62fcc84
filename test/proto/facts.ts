import { type DescMessage, type Message, type Registry, toJson } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  type FieldDescriptorProto,
  FieldOptionsSchema,
  type FileDescriptorProto,
  FieldDescriptorProto_Label as Label,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  type ServiceDescriptorProto,
  ServiceOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';

/**
 * Everything that a proto file says about the wire, a line a fact, sorted: two files with the same lines make
 * the same contract, in whatever order they declare it. `registry` knows the extensions in the options; an
 * option that it does not know is shown by its number and bytes.
 */
export function factsOf(file: FileDescriptorProto, registry: Registry): string[] {
  const facts = [`file package=${file.package} syntax=${file.syntax}`];
  facts.push(...file.dependency.map((name) => `import ${name}`));
  const add: Add = (fact, schema, options) => facts.push(`${fact}${optionsOf(schema, options)}`);

  for (const message of file.messageType) messageFacts(file.package, message);
  for (const enumeration of file.enumType) enumFacts(add, file.package, enumeration);
  for (const extension of file.extension) fieldFacts('extension', file.package, extension, []);
  for (const service of file.service) serviceFacts(add, file.package, service);
  return facts.sort();

  function messageFacts(scope: string, message: DescriptorProto): void {
    const name = `${scope}.${message.name}`;
    const oneofs = message.oneofDecl.map((oneof) => oneof.name);
    add(`message ${name}`, MessageOptionsSchema, message.options);
    for (const field of message.field) fieldFacts('field', name, field, oneofs);
    for (const oneof of message.oneofDecl)
      add(`oneof ${name}.${oneof.name}`, OneofOptionsSchema, oneof.options);
    facts.push(...reservedFacts(name, message));
    for (const { start, end } of message.extensionRange)
      facts.push(`extensions ${name} ${start} until ${end}`);
    for (const extension of message.extension) fieldFacts('extension', name, extension, []);
    for (const enumeration of message.enumType) enumFacts(add, name, enumeration);
    for (const nested of message.nestedType) messageFacts(name, nested);
  }

  function fieldFacts(
    kind: string,
    scope: string,
    field: FieldDescriptorProto,
    oneofs: readonly string[],
  ): void {
    const oneof = oneofs[field.oneofIndex];
    const inOneof = oneof !== undefined && has(field, 'oneofIndex') ? ` oneof=${oneof}` : '';
    add(
      `${kind} ${scope}.${field.name} = ${field.number} ${Label[field.label]} ${Type[field.type]}` +
        `${field.typeName} extends=${field.extendee} default=${field.defaultValue}` +
        ` presence=${field.proto3Optional}${inOneof}`,
      FieldOptionsSchema,
      field.options,
    );
  }

  function optionsOf(schema: DescMessage, options: Message | undefined): string {
    if (options === undefined) return '';
    const json = toJson(schema, options, { registry });
    const known = Object.entries(json as object).map(([key, value]) => `${key}=${value}`);
    const unknown = (options.$unknown ?? [])
      .filter(({ no }) => registry.getExtensionFor(schema, no) === undefined)
      .map(({ no, data }) => `${no}=0x${Buffer.from(data).toString('hex')}`);
    const all = [...known, ...unknown].sort();
    return all.length === 0 ? '' : ` [${all.join(', ')}]`;
  }
}

type Add = (fact: string, schema: DescMessage, options: Message | undefined) => void;

function enumFacts(add: Add, scope: string, enumeration: EnumDescriptorProto): void {
  const name = `${scope}.${enumeration.name}`;
  add(`enum ${name}`, EnumOptionsSchema, enumeration.options);
  for (const value of enumeration.value)
    add(`value ${name}.${value.name} = ${value.number}`, EnumValueOptionsSchema, value.options);
  for (const fact of reservedFacts(name, enumeration, 1)) add(fact, EnumOptionsSchema, undefined);
}

/** `inclusive` is 1 for an enum's ranges, whose end belongs to them, as a message's does not. */
function reservedFacts(
  name: string,
  {
    reservedRange,
    reservedName,
  }: Pick<DescriptorProto, 'reservedName'> & {
    reservedRange: readonly { start: number; end: number }[];
  },
  inclusive = 0,
): string[] {
  return [
    ...reservedRange.flatMap(({ start, end }) =>
      Array.from({ length: end + inclusive - start }, (_, i) => `reserved ${name} ${start + i}`),
    ),
    ...reservedName.map((word) => `reserved ${name} "${word}"`),
  ];
}

function serviceFacts(add: Add, scope: string, service: ServiceDescriptorProto): void {
  const name = `${scope}.${service.name}`;
  add(`service ${name}`, ServiceOptionsSchema, service.options);
  for (const method of service.method) {
    const from = `${method.clientStreaming ? 'stream ' : ''}${method.inputType}`;
    const to = `${method.serverStreaming ? 'stream ' : ''}${method.outputType}`;
    add(`method ${name}.${method.name} ${from} -> ${to}`, MethodOptionsSchema, method.options);
  }
}

function has(message: FieldDescriptorProto, field: keyof FieldDescriptorProto): boolean {
  return Object.hasOwn(message, field);
}
