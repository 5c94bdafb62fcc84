import { type DescField, type DescMessage, getOption, type Message } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { csi_secret } from '../../proto/csi/v1/csi_pb.js';

/** What stands where a secret was. */
export const STRIPPED = '***stripped***';

/**
 * A message as plain data for a log or a person, under the specification's field names, with every field
 * that carries the option `csi_secret` stripped, however deep. Fields that are not set are left out.
 */
export function redact(schema: DescMessage, message: Message): Record<string, unknown> {
  return redactReflected(reflect(schema, message));
}

function redactReflected(message: ReflectMessage): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const field of message.fields)
    if (message.isSet(field))
      plain[field.name] = getOption(field, csi_secret) ? STRIPPED : redactField(message, field);
  return plain;
}

function redactField(message: ReflectMessage, field: DescField): unknown {
  switch (field.fieldKind) {
    case 'scalar':
      return scalar(message.get(field));
    case 'enum':
      return enumName(field, message.get(field));
    case 'message':
      return redactReflected(message.get(field));
    case 'list':
      return [...message.get(field)].map((item) => element(field, item));
    case 'map':
      return Object.fromEntries(
        [...message.get(field)].map(([key, value]) => [String(key), element(field, value)]),
      );
  }
}

function element(field: DescField & { fieldKind: 'list' | 'map' }, value: unknown): unknown {
  const kind = field.fieldKind === 'list' ? field.listKind : field.mapKind;
  if (kind === 'message') return redactReflected(value as ReflectMessage);
  return kind === 'enum' ? enumName(field, value) : scalar(value);
}

function enumName(field: DescField, value: unknown): unknown {
  return field.enum?.value[value as number]?.name ?? value;
}

function scalar(value: unknown): unknown {
  if (typeof value === 'bigint')
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : value.toString();
  return value instanceof Uint8Array ? `${value.length} bytes` : value;
}
