import { mismatch } from './mismatch.js';
import { type Attribute, type Type, UNKNOWN, type Value } from './model.js';
import { Numeral } from './numeral.js';
import { ANY, isPrimitive, sameType } from './type.js';
import { commonElement, convertible } from './unify.js';
import {
  bool,
  entriesOf,
  itemsOf,
  list,
  map,
  marked,
  nullOf,
  number,
  object,
  set,
  text,
  tuple,
  unknown,
} from './value.js';

/** Why a value is not of a type. The message has no value in it. */
export class NotConvertible extends Error {
  override readonly name = 'NotConvertible';

  constructor(
    readonly reason: string,
    /** Where in the value, such as `[0].pool`; '' for the value itself. */
    readonly path: string,
  ) {
    super(path === '' ? reason : `at ${path}: ${reason}`);
  }
}

/**
 * The value as one of a type, as HCL 2 converts: numbers and booleans to text and back, tuples to lists and
 * sets, objects to maps, maps to objects. Throws NotConvertible.
 */
export function convert(value: Value, type: Type, path = ''): Value {
  if (type.kind === 'any' || sameType(value.type, type)) return filled(value, type, path);
  return marked(converted(value, type, path), value.sensitive);
}

/** An object's type may have defaults although it is the same. */
function filled(value: Value, type: Type, path: string): Value {
  const nested = type.kind !== 'any' && !isPrimitive(type) && value.content !== UNKNOWN;
  return nested && value.content !== null
    ? marked(converted(value, type, path), value.sensitive)
    : value;
}

function converted(value: Value, type: Type, path: string): Value {
  if (!convertible(value.type, type)) throw new NotConvertible(mismatch(value.type, type), path);
  if (value.content === UNKNOWN) return unknown(resolved(value.type, type));
  if (value.content === null) return nullOf(resolved(value.type, type));
  switch (type.kind) {
    case 'string':
      return text(String(value.content));
    case 'number':
      return toNumber(String(value.content), path);
    case 'bool':
      return toBool(String(value.content), path);
    case 'list':
    case 'set':
      return toSequence(value, type, path);
    case 'tuple':
      return tuple(
        (itemsOf(value) ?? []).map((item, at) =>
          convert(item, type.elements[at] ?? ANY, `${path}[${at}]`),
        ),
      );
    case 'map':
      return toMap(value, type.element, path);
    case 'object':
      return toObject(value, type.attributes, path);
    default:
      return value;
  }
}

function toNumber(content: string, path: string): Value {
  const parsed = Numeral.parse(content);
  if (parsed === undefined) throw new NotConvertible('a number is required', path);
  return number(parsed);
}

function toBool(content: string, path: string): Value {
  if (content === 'true' || content === '1') return bool(true);
  if (content === 'false' || content === '0') return bool(false);
  const lower = content.toLowerCase();
  throw new NotConvertible(
    lower === 'true' || lower === 'false'
      ? `a bool is required; in text it is "${lower}", in lower case`
      : 'a bool is required',
    path,
  );
}

type CollectionType = Extract<Type, { readonly element: Type }>;

function toSequence(value: Value, { kind, element: asked }: CollectionType, path: string): Value {
  const items = itemsOf(value) ?? [];
  const element = elementFor(asked, items, value.type, path);
  const changed = items.map((item, at) => convert(item, element, `${path}[${at}]`));
  return kind === 'list' ? list(changed, element) : set(changed, element);
}

function toMap(value: Value, element: Type, path: string): Value {
  const entries = [...(entriesOf(value) ?? [])];
  const each = elementFor(
    element,
    entries.map(([, item]) => item),
    value.type,
    path,
  );
  return map(
    entries.map(([key, item]) => [key, convert(item, each, `${path}${step(key)}`)] as const),
    each,
  );
}

/** A collection's elements are of one type: where that is not said, of the one that all can become. */
function elementFor(asked: Type, items: readonly Value[], given: Type, path: string): Type {
  if (asked.kind !== 'any') return asked;
  if ('element' in given) return given.element;
  const common = commonElement(items.map(({ type }) => type));
  if (common === undefined)
    throw new NotConvertible('all elements must be of one type, and no type fits them all', path);
  return common;
}

function toObject(value: Value, attributes: ReadonlyMap<string, Attribute>, path: string): Value {
  const given = entriesOf(value) ?? new Map<string, Value>();
  return object(
    [...attributes].map(([name, { type, optional }]) => {
      const own = given.get(name);
      const fallback = optional?.fallback;
      if (own === undefined && optional === undefined)
        throw new NotConvertible(`attribute "${name}" is required`, path);
      const chosen = own === undefined || own.content === null ? (fallback ?? own) : own;
      return [
        name,
        chosen === undefined ? nullOf(type) : convert(chosen, type, `${path}${step(name)}`),
      ] as const;
    }),
  );
}

function step(key: string): string {
  return /^[\p{ID_Start}_][\p{ID_Continue}-]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** The type of a null or unknown value of one type that becomes another. */
function resolved(from: Type, to: Type): Type {
  if (to.kind === 'any') return from;
  if ('element' in to && 'element' in from)
    return { ...to, element: resolved(from.element, to.element) };
  return to;
}
