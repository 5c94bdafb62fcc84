import {
  attributeOf,
  type Body,
  blockOf,
  contentOf,
  type Item,
  type Key,
  keysOf,
  type Value,
} from './ast.js';

/**
 * What HCL 1 makes of JSON: an object that holds only objects becomes blocks with labels, and a list that
 * holds only objects becomes blocks that repeat. So `"a": {"b": {…}}` reads as `a "b" {…}`.
 */
export function flatten(body: Body): Body {
  const items = body.items.flatMap((item) => spread(keysOf(item), contentOf(item), item));
  return { ...body, items: items.map(flattenItem) };
}

function spread(keys: readonly [Key, ...Key[]], value: Value, item: Item): Item[] {
  if (value.kind === 'object' && value.body.items.length > 0) {
    const { items } = value.body;
    if (items.every((inner) => contentOf(inner).kind === 'object'))
      return items.flatMap((inner) => {
        const [first, ...labels] = keys;
        return spread([first, ...labels, ...keysOf(inner)], contentOf(inner), item);
      });
  }
  if (value.kind === 'list' && value.items.length > 0 && value.items.every(isObject))
    return value.items.flatMap((element) => spread(keys, element, item));
  return [rebuild(keys, value, item)];
}

function isObject(value: Value): boolean {
  return value.kind === 'object';
}

function flattenItem(item: Item): Item {
  return rebuild(keysOf(item), flattenValue(contentOf(item)), item);
}

function flattenValue(value: Value): Value {
  if (value.kind === 'object') return { ...value, body: flatten(value.body) };
  if (value.kind === 'list') return { ...value, items: value.items.map(flattenValue) };
  return value;
}

function rebuild(keys: readonly [Key, ...Key[]], value: Value, item: Item): Item {
  return value.kind === 'object'
    ? blockOf(keys, value.body, item.range)
    : attributeOf(keys[0], value, item.range);
}
