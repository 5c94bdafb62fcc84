import { guess } from '../../../volume/guess.js';
import { errorAt, type Range } from '../../diagnostic.js';
import type { Scope } from '../scope.js';
import type { Name } from '../syntax/tree.js';
import { convert, NotConvertible } from '../value/convert.js';
import { type Type, UNKNOWN, type Value } from '../value/model.js';
import { Numeral } from '../value/numeral.js';
import { ANY, aType, NUMBER, STRING } from '../value/type.js';
import { entriesOf, itemsOf, LOST, marked, unknown } from '../value/value.js';

/** `value.name`. */
export function getAttribute(value: Value, name: Name, range: Range, scope: Scope): Value {
  const result = attributeOf(value, name.value);
  if (!('problem' in result)) return result;
  const names = value.sensitive ? [] : [...(entriesOf(value)?.keys() ?? [])];
  scope.report(
    errorAt(
      value.content === null ? range : name.range,
      `There is no attribute "${name.value}" here`,
      result.problem + (names.length > 0 ? ` Known are ${names.join(', ')}.` : ''),
      guess(name.value, names),
    ),
  );
  return LOST;
}

type Problem = { readonly problem: string };

function attributeOf(value: Value, name: string): Value | Problem {
  const { type, content, sensitive } = value;
  if (type.kind === 'any' && content === UNKNOWN) return marked(LOST, sensitive);
  if (content === null) return { problem: 'This value is null, and null has no attributes.' };
  if (type.kind === 'object') {
    const attribute = type.attributes.get(name);
    if (attribute === undefined) return { problem: 'The object does not have it.' };
    return marked(entriesOf(value)?.get(name) ?? unknown(attribute.type), sensitive);
  }
  if (type.kind === 'map') {
    if (content === UNKNOWN) return marked(unknown(type.element), sensitive);
    const entry = entriesOf(value)?.get(name);
    return entry === undefined
      ? { problem: 'The map has no element with this key.' }
      : marked(entry, sensitive);
  }
  return {
    problem:
      'element' in type || type.kind === 'tuple'
        ? `This is ${aType(type)}: take one of its elements with [0], or this attribute of all with [*].${name}.`
        : `This is ${aType(type)}; objects and maps have attributes.`,
  };
}

/** `value[key]`, or why there is no such element. */
export function getIndex(value: Value, key: Value): Value | Problem {
  const { type } = value;
  if (value.content === null) return { problem: 'This value is null, and null has no elements.' };
  if (key.content === null) return { problem: 'The key is null.' };
  if (type.kind === 'any' || key.type.kind === 'any') return marked(LOST, value.sensitive);
  switch (type.kind) {
    case 'list':
    case 'tuple':
      return withKey(value, key, NUMBER, elementAt);
    case 'map':
      return withKey(value, key, STRING, (map, name) => {
        const entry = entriesOf(map)?.get(String(name));
        return entry ?? { problem: 'The map has no element with this key.' };
      });
    case 'object':
      return withKey(value, key, STRING, (map, name) => attributeOf(map, String(name)));
    case 'set':
      return {
        problem:
          'The elements of a set have no keys. Make a list of it: tolist(…), or go through it with for.',
      };
    default:
      return { problem: `This is ${aType(type)}; lists, maps and objects have elements.` };
  }
}

function withKey(
  value: Value,
  key: Value,
  type: Type,
  find: (value: Value, key: string | Numeral) => Value | Problem,
): Value | Problem {
  let converted: Value;
  try {
    converted = convert(key, type);
  } catch (error) {
    if (!(error instanceof NotConvertible)) throw error;
    return { problem: `The key does not fit: ${error.reason}.` };
  }
  const { content } = converted;
  const sensitive = value.sensitive || key.sensitive;
  if (typeof content !== 'string' && !(content instanceof Numeral))
    return marked(unknown('element' in value.type ? value.type.element : ANY), sensitive);
  if (value.content === UNKNOWN && 'element' in value.type)
    return marked(unknown(value.type.element), sensitive);
  const found = find(value, content);
  return 'problem' in found ? found : marked(found, sensitive);
}

function elementAt(value: Value, key: string | Numeral): Value | Problem {
  const at = key instanceof Numeral ? key.integer : undefined;
  if (at === undefined) return { problem: 'An index is a whole number.' };
  if (at < 0n) return { problem: 'An index begins at 0.' };
  const items = itemsOf(value);
  if (items === undefined && value.type.kind === 'tuple')
    return unknown(value.type.elements[Number(at)] ?? ANY);
  const item = at < BigInt(items?.length ?? 0) ? items?.[Number(at)] : undefined;
  if (item !== undefined) return item;
  return {
    problem: value.sensitive
      ? 'There are fewer elements.'
      : items?.length === 0
        ? 'There are no elements.'
        : `The last of the ${items?.length} elements has the index ${(items?.length ?? 0) - 1}.`,
  };
}
