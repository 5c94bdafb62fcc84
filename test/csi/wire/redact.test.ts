import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  getOption,
  type Message,
  setExtension,
  toBinary,
} from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import {
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import t from 'tap';
import { redact, STRIPPED } from '../../../src/csi/wire/redact.js';
import { csi_secret, file_csi_v1_csi } from '../../../src/proto/csi/v1/csi_pb.js';

const SECRET = 'hush-hush';

t.test('no secret of any CSI message is shown, and everything else is', (t) => {
  const holders = file_csi_v1_csi.messages.flatMap((message) =>
    message.fields.filter((field) => getOption(field, csi_secret)).map((field) => [message, field]),
  ) as [DescMessage, DescField][];
  t.equal(holders.length, 22);
  for (const [schema, field] of holders) {
    const message = create(schema, { [field.localName]: { userKey: SECRET, other: SECRET } });
    t.ok(Buffer.from(toBinary(schema, message)).includes(SECRET), 'the secret is in the message');
    t.same(redact(schema, message), { [field.name]: STRIPPED }, `${schema.name}.${field.name}`);
  }
  const plain = file_csi_v1_csi.messages.filter(
    (schema) => !schema.fields.some((field) => getOption(field, csi_secret)),
  );
  for (const schema of plain) {
    const message = create(schema);
    for (const field of schema.fields)
      if (field.fieldKind === 'scalar' && typeof reflect(schema, message).get(field) === 'string')
        reflect(schema, message).set(field, 'shown');
    t.notMatch(JSON.stringify(redact(schema, message)), STRIPPED, schema.name);
  }
  t.end();
});

t.test('a secret is stripped inside messages, lists and maps too, whatever its type', (t) => {
  const schema = nestedSchema();
  const inner = (open: string) => ({
    key: SECRET,
    bytes: Buffer.from(SECRET),
    words: [SECRET],
    open,
  });
  const message = create(schema, {
    one: inner('a'),
    many: [inner('b'), inner('c')],
    named: { x: inner('d') },
    key: SECRET,
  } as Record<string, unknown>) as Message;
  const shown = redact(schema, message);
  const stripped = (open: string) => ({ key: STRIPPED, bytes: STRIPPED, words: STRIPPED, open });
  t.same(shown, {
    one: stripped('a'),
    many: [stripped('b'), stripped('c')],
    named: { x: stripped('d') },
    key: SECRET,
  });
  t.end();
});

/** A message `Outer` that holds messages with secrets in every way that protobuf has. */
function nestedSchema(): DescMessage {
  const options = create(FieldOptionsSchema);
  setExtension(options, csi_secret, true);
  const optional = { label: Label.OPTIONAL, type: Type.STRING };
  const repeated = { label: Label.REPEATED };
  const inner = { type: Type.MESSAGE, typeName: '.test.Inner' };
  const file = create(FileDescriptorProtoSchema, {
    name: 'nested.proto',
    package: 'test',
    syntax: 'proto3',
    dependency: ['csi/v1/csi.proto'],
    messageType: [
      {
        name: 'Inner',
        field: [
          { ...optional, name: 'key', number: 1, options },
          { ...optional, name: 'bytes', number: 2, type: Type.BYTES, options },
          { ...optional, ...repeated, name: 'words', number: 3, options },
          { ...optional, name: 'open', number: 4 },
        ],
      },
      {
        name: 'Outer',
        field: [
          { ...optional, ...inner, name: 'one', number: 1 },
          { ...inner, ...repeated, name: 'many', number: 2 },
          {
            ...repeated,
            type: Type.MESSAGE,
            typeName: '.test.Outer.NamedEntry',
            name: 'named',
            number: 3,
          },
          { ...optional, name: 'key', number: 4 },
        ],
        nestedType: [
          {
            name: 'NamedEntry',
            options: { mapEntry: true },
            field: [
              { ...optional, name: 'key', number: 1 },
              { ...optional, ...inner, name: 'value', number: 2 },
            ],
          },
        ],
      },
    ],
  });
  const registry = createFileRegistry(file, (name) =>
    name === file_csi_v1_csi.proto.name ? file_csi_v1_csi : undefined,
  );
  const schema = registry.getMessage('test.Outer');
  if (schema === undefined) throw new Error('Outer is not there');
  return schema;
}
