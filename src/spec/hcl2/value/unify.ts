import type { Attribute, Type } from './model.js';
import { ANY, isPrimitive, listOf, mapOf, sameType } from './type.js';

/** True where some values of one type can become values of another. */
export function convertible(from: Type, to: Type): boolean {
  if (to.kind === 'any' || from.kind === 'any' || from.kind === to.kind)
    return sameKindConvertible(from, to);
  if (isPrimitive(from) && isPrimitive(to)) return from.kind === 'string' || to.kind === 'string';
  if (to.kind === 'list' || to.kind === 'set') {
    if (from.kind === 'tuple') return elementsConvertible(from.elements, to.element);
    return (from.kind === 'list' || from.kind === 'set') && convertible(from.element, to.element);
  }
  if (to.kind === 'map' && from.kind === 'object')
    return elementsConvertible(
      [...from.attributes.values()].map(({ type }) => type),
      to.element,
    );
  return (
    to.kind === 'object' &&
    from.kind === 'map' &&
    [...to.attributes.values()].every(
      ({ type, optional }) => optional !== undefined || convertible(from.element, type),
    )
  );
}

function elementsConvertible(from: readonly Type[], to: Type): boolean {
  if (to.kind === 'any') return commonElement(from) !== undefined;
  return from.every((element) => convertible(element, to));
}

function sameKindConvertible(from: Type, to: Type): boolean {
  if ('element' in from && 'element' in to) return convertible(from.element, to.element);
  if (from.kind === 'tuple' && to.kind === 'tuple')
    return (
      from.elements.length === to.elements.length &&
      from.elements.every((element, at) => convertible(element, to.elements[at] ?? ANY))
    );
  if (from.kind === 'object' && to.kind === 'object')
    return [...to.attributes].every(([name, { type, optional }]) => {
      const own = from.attributes.get(name);
      return own === undefined ? optional !== undefined : convertible(own.type, type);
    });
  return true;
}

/** The type of a collection made of elements of these types, of which a null may be any; or undefined. */
export function commonElement(types: readonly Type[]): Type | undefined {
  const known = types.filter(({ kind }) => kind !== 'any');
  return known.length === 0 ? ANY : unify(known);
}

/**
 * The type that values of all these types can become, or undefined: what a condition's two results, or the
 * elements of a list, are brought to.
 */
export function unify(types: readonly Type[]): Type | undefined {
  const [first] = types;
  if (first === undefined || types.every((type) => sameType(type, first))) return first;
  const kinds = new Set(types.map(({ kind }) => kind));
  const only = (...allowed: readonly Type['kind'][]) =>
    [...kinds].every((kind) => kind === 'any' || allowed.includes(kind));
  for (const kind of ['map', 'list', 'set'] as const)
    if (kinds.has(kind) && only(kind)) return unifyCollections(kind, types);
  if (kinds.has('object') && only('object')) return unifyObjects(types);
  if (kinds.has('tuple') && only('tuple')) return unifyTuples(types);
  if (kinds.has('object') && kinds.has('tuple')) return undefined;
  const plain = withoutStructures(types, kinds, only);
  return plain === undefined ? mostGeneral(types) : (unify(plain) ?? mostGeneral(types));
}

/** Objects among maps are taken for maps, and tuples among lists for lists. */
function withoutStructures(
  types: readonly Type[],
  kinds: ReadonlySet<Type['kind']>,
  only: (...allowed: readonly Type['kind'][]) => boolean,
): readonly Type[] | undefined {
  if (kinds.has('map') && only('map', 'object')) {
    const objects = objectsIn(types);
    const asMap = objectsToMap(objects);
    return asMap && types.map((type) => (type.kind === 'object' ? asMap : type));
  }
  if (kinds.has('list') && only('list', 'tuple')) {
    const asList = tuplesToList(tuplesIn(types));
    return asList && types.map((type) => (type.kind === 'tuple' ? asList : type));
  }
  return undefined;
}

function objectsIn(types: readonly Type[]) {
  return types.filter((type) => type.kind === 'object');
}

function tuplesIn(types: readonly Type[]) {
  return types.filter((type) => type.kind === 'tuple');
}

function unifyCollections(kind: 'map' | 'list' | 'set', types: readonly Type[]): Type | undefined {
  const elements = types.flatMap((type) => ('element' in type ? [type.element] : []));
  if (elements.length < types.length) return ANY;
  const element = unify(elements);
  return element && { kind, element };
}

function unifyObjects(types: readonly Type[]): Type | undefined {
  const objects = objectsIn(types);
  if (objects.length < types.length) return ANY;
  const names = [...(objects[0]?.attributes.keys() ?? [])];
  const alike = objects.every(
    ({ attributes }) =>
      attributes.size === names.length && names.every((name) => attributes.has(name)),
  );
  if (!alike) return objectsToMap(objects);
  const attributes = new Map<string, Attribute>();
  for (const name of names) {
    const type = unify(objects.flatMap((object) => object.attributes.get(name)?.type ?? []));
    if (type === undefined) return undefined;
    attributes.set(name, { type });
  }
  return { kind: 'object', attributes };
}

function objectsToMap(objects: ReturnType<typeof objectsIn>): Type | undefined {
  const element = unify(
    objects.flatMap(({ attributes }) => [...attributes.values()].map(({ type }) => type)),
  );
  return element && mapOf(element);
}

function unifyTuples(types: readonly Type[]): Type | undefined {
  const tuples = tuplesIn(types);
  if (tuples.length < types.length) return ANY;
  const length = tuples[0]?.elements.length ?? 0;
  if (tuples.some(({ elements }) => elements.length !== length)) return tuplesToList(tuples);
  const elements: Type[] = [];
  for (let at = 0; at < length; at++) {
    const element = unify(tuples.flatMap((tuple) => tuple.elements[at] ?? []));
    if (element === undefined) return undefined;
    elements.push(element);
  }
  return { kind: 'tuple', elements };
}

function tuplesToList(tuples: ReturnType<typeof tuplesIn>): Type | undefined {
  const element = unify(tuples.flatMap(({ elements }) => elements));
  return element && listOf(element);
}

/** The more general first: anything can become text, and what is not known becomes what the others are. */
const GENERALITY: readonly Type['kind'][] = [
  'string',
  'list',
  'map',
  'tuple',
  'object',
  'set',
  'number',
  'bool',
  'any',
];

function mostGeneral(types: readonly Type[]): Type | undefined {
  return [...types]
    .sort((a, b) => GENERALITY.indexOf(a.kind) - GENERALITY.indexOf(b.kind))
    .find((candidate) => types.every((type) => convertible(type, candidate)));
}
