import { type Attribute, type Content, type Type, UNKNOWN, type Value } from './model.js';
import { Numeral } from './numeral.js';
import { ANY, BOOL, listOf, mapOf, NUMBER, STRING, setOf } from './type.js';

function known(type: Type, content: Content): Value {
  return { type, content, sensitive: false };
}

/** Text is kept in Unicode's normal form C, as HCL 2 has it. */
export function text(content: string): Value {
  return known(STRING, content.normalize('NFC'));
}

export function number(content: Numeral | number | bigint): Value {
  return known(NUMBER, content instanceof Numeral ? content : Numeral.of(content));
}

export function bool(content: boolean): Value {
  return known(BOOL, content);
}

export function nullOf(type: Type): Value {
  return known(type, null);
}

export function unknown(type: Type): Value {
  return known(type, UNKNOWN);
}

/** What a mistake evaluates to, so that it is told once. */
export const LOST: Value = unknown(ANY);

export function tuple(items: readonly Value[]): Value {
  return known({ kind: 'tuple', elements: items.map(({ type }) => type) }, items);
}

/** Items of one type; none where the type is given. */
export function list(items: readonly Value[], element: Type = items[0]?.type ?? ANY): Value {
  return known(listOf(element), items);
}

/** Each value once, ordered where there is an order. */
export function set(items: readonly Value[], element: Type = items[0]?.type ?? ANY): Value {
  const unique = items.filter((item, at) => items.findIndex((other) => same(item, other)) === at);
  return {
    type: setOf(element),
    content: unique.map(bare).sort(inOrder),
    sensitive: items.some(isSensitive),
  };
}

export function object(entries: Iterable<readonly [string, Value]>): Value {
  const content = sorted(entries);
  const attributes = new Map<string, Attribute>(
    [...content].map(([name, { type }]) => [name, { type }]),
  );
  return known({ kind: 'object', attributes }, content);
}

export function map(entries: Iterable<readonly [string, Value]>, element?: Type): Value {
  const content = sorted(entries);
  const [first] = content.values();
  return known(mapOf(element ?? first?.type ?? ANY), content);
}

/** By key, in the order of code points; the last of a key counts. */
function sorted(entries: Iterable<readonly [string, Value]>): ReadonlyMap<string, Value> {
  return new Map([...new Map(entries)].sort(([a], [b]) => compareText(a, b)));
}

/** In the order of code points, which is that of UTF-8's bytes. */
export function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Null comes last. */
function inOrder(a: Value, b: Value): number {
  if (a.content === null || b.content === null)
    return Number(a.content === null) - Number(b.content === null);
  if (typeof a.content === 'string' && typeof b.content === 'string')
    return compareText(a.content, b.content);
  if (a.content instanceof Numeral && b.content instanceof Numeral)
    return a.content.compare(b.content);
  return typeof a.content === 'boolean' ? Number(a.content) - Number(b.content) : 0;
}

/** The elements of a list, set or tuple; undefined for anything else. */
export function itemsOf({ content }: Value): readonly Value[] | undefined {
  return Array.isArray(content) ? content : undefined;
}

/** The entries of a map or object; undefined for anything else. */
export function entriesOf({ content }: Value): ReadonlyMap<string, Value> | undefined {
  return content instanceof Map ? content : undefined;
}

/** True where nothing in it is unknown. */
export function isWhollyKnown(value: Value): boolean {
  return value.content !== UNKNOWN && partsOf(value).every(isWhollyKnown);
}

/** True where it or something in it must not be shown. */
export function isSensitive(value: Value): boolean {
  return value.sensitive || partsOf(value).some(isSensitive);
}

export function partsOf(value: Value): readonly Value[] {
  return itemsOf(value) ?? [...(entriesOf(value)?.values() ?? [])];
}

/** The value, not to be shown where it was not before or where it was made from what must not be. */
export function marked(value: Value, sensitive: boolean): Value {
  return sensitive && !value.sensitive ? { ...value, sensitive } : value;
}

/** The value without its marks, at all depths. */
export function bare(value: Value): Value {
  return withParts({ ...value, sensitive: false }, bare);
}

/** A list or map whose parts are replaced by others of the same types. */
export function withParts(value: Value, change: (part: Value) => Value): Value {
  const items = itemsOf(value);
  if (items !== undefined) return { ...value, content: items.map(change) };
  const entries = entriesOf(value);
  return entries === undefined
    ? value
    : {
        ...value,
        content: new Map([...entries].map(([key, part]) => [key, change(part)])),
      };
}

/** True for two values of one type with the same content; nothing is the same as an unknown value. */
export function same(a: Value, b: Value): boolean {
  if (a.content === UNKNOWN || b.content === UNKNOWN) return false;
  if (a.content instanceof Numeral && b.content instanceof Numeral)
    return a.content.compare(b.content) === 0;
  const [left, right] = [itemsOf(a), itemsOf(b)];
  if (left !== undefined && right !== undefined && a.type.kind === 'set')
    return (
      left.length === right.length && left.every((item) => right.some((other) => same(item, other)))
    );
  if (left !== undefined && right !== undefined)
    return left.length === right.length && left.every((item, at) => same(item, right[at] ?? LOST));
  const [first, second] = [entriesOf(a), entriesOf(b)];
  if (first !== undefined && second !== undefined)
    return (
      first.size === second.size &&
      [...first].every(([key, item]) => same(item, second.get(key) ?? LOST))
    );
  return a.content === b.content;
}
