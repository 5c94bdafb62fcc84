import { convert, NotConvertible } from '../value/convert.js';
import type { Value } from '../value/model.js';
import { ANY, listOf, STRING, sameType } from '../value/type.js';
import { entriesOf, LOST, list, map, marked, object, text, tuple } from '../value/value.js';
import {
  entriesIn,
  FunctionError,
  type Functions,
  itemsIn,
  openParameter,
  textIn,
  textParameter,
} from './define.js';

function merge(args: readonly Value[]): Value {
  const given = args.filter(({ content }) => content !== null);
  const entries = given.flatMap((value) => {
    const own = entriesOf(value);
    if (own === undefined)
      throw new FunctionError('A map or an object is required', args.indexOf(value));
    return [...own].map(([key, item]) => [key, marked(item, value.sensitive)] as const);
  });
  const [first] = given;
  return first?.type.kind === 'map' && given.every(({ type }) => sameType(type, first.type))
    ? map(entries, first.type.element)
    : object(entries);
}

function lookup(args: readonly Value[]): Value {
  const [where = LOST, , fallback] = args;
  const found = entriesIn(args, 0).get(textIn(args, 1));
  if (found !== undefined) return found;
  if (fallback === undefined)
    throw new FunctionError('There is no such key, and no default is given', 1);
  if (where.type.kind !== 'map') return fallback;
  try {
    return convert(fallback, where.type.element);
  } catch (error) {
    if (!(error instanceof NotConvertible)) throw error;
    throw new FunctionError(
      `The default is of another type than the elements: ${error.message}`,
      2,
    );
  }
}

function zipmap(args: readonly Value[]): Value {
  const [, values = LOST] = args;
  const keys = itemsIn(args, 0);
  const items = itemsIn(args, 1);
  if (values.type.kind === 'set')
    throw new FunctionError('A set has no order: make a list of it with tolist(…)', 1);
  if (keys.some(({ content }) => content === null))
    throw new FunctionError('There is a null among the keys', 0);
  if (keys.length !== items.length)
    throw new FunctionError(`There are ${keys.length} keys and ${items.length} values`);
  const entries = keys.map(({ content }, at) => [String(content), items[at] ?? LOST] as const);
  return values.type.kind === 'list' ? map(entries, values.type.element) : object(entries);
}

export const mapFunctions: Functions = {
  keys: {
    parameters: [openParameter('map')],
    result: ANY,
    call: (args) => {
      const keys = [...entriesIn(args, 0).keys()].map(text);
      return args[0]?.type.kind === 'map' ? list(keys, STRING) : tuple(keys);
    },
  },
  values: {
    parameters: [openParameter('map')],
    result: ANY,
    call: (args) => {
      const type = args[0]?.type;
      const values = [...entriesIn(args, 0).values()];
      return type?.kind === 'map' ? list(values, type.element) : tuple(values);
    },
  },
  merge: {
    parameters: [],
    rest: { ...openParameter('maps'), nullable: true },
    result: ANY,
    call: merge,
  },
  lookup: {
    parameters: [openParameter('map'), textParameter('key')],
    rest: { ...openParameter('default'), nullable: true },
    result: ANY,
    call: lookup,
  },
  zipmap: {
    parameters: [{ name: 'keys', type: listOf(STRING) }, openParameter('values')],
    result: ANY,
    call: zipmap,
  },
};
