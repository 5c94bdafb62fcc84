import { convert } from '../value/convert.js';
import type { Type, Value } from '../value/model.js';
import { UNKNOWN } from '../value/model.js';
import { ANY, BOOL, listOf, NUMBER, sameType } from '../value/type.js';
import { unify } from '../value/unify.js';
import {
  bool,
  entriesOf,
  itemsOf,
  LOST,
  list,
  marked,
  nullOf,
  number,
  same,
  set,
  tuple,
  unknown,
} from '../value/value.js';
import {
  type Func,
  FunctionError,
  type Functions,
  itemsIn,
  numberIn,
  numberParameter,
  openParameter,
  wholeIn,
} from './define.js';
import { countCharacters } from './string.js';

const ANY_LIST = { name: 'list', type: listOf(ANY), open: true } as const;

/** A list again of a list, and a tuple of a tuple. */
function likeFirst(model: Value, items: readonly Value[]): Value {
  return model.type.kind === 'list' || model.type.kind === 'set'
    ? list(items, model.type.element)
    : tuple(items);
}

/** An argument that must be a list or a tuple. */
function orderedIn(args: readonly Value[], at: number): readonly Value[] {
  if (args[at]?.type.kind === 'set')
    throw new FunctionError('A set has no order: make a list of it with tolist(…)', at);
  return itemsIn(args, at);
}

function concat(args: readonly Value[]): Value {
  const all = args.map((value, at) =>
    orderedIn(args, at).map((item) => marked(item, value.sensitive)),
  );
  const types = args.map(({ type }) => type);
  const common = types.every(({ kind }) => kind === 'list') ? unify(types) : undefined;
  if (common === undefined || !('element' in common)) return tuple(all.flat());
  const { element } = common;
  return list(
    all.flat().map((item) => convert(item, element)),
    element,
  );
}

function flatten(items: readonly Value[]): Value[] {
  return items.flatMap((item) => {
    const inner = itemsOf(item);
    return inner === undefined
      ? [item]
      : flatten(inner).map((part) => marked(part, item.sensitive));
  });
}

/** Every choice of one element of each list. */
function product(args: readonly Value[]): Value {
  const lists = args.map((value, at) => {
    const items = itemsIn(args, at);
    const element = elementType(value.type);
    if (element === undefined) throw new FunctionError('Its elements are of several types', at);
    return { element, items: items.map((item) => convert(item, element)) };
  });
  const rows = lists.reduce<Value[][]>(
    (before, { items }) => before.flatMap((row) => items.map((item) => [...row, item])),
    [[]],
  );
  const element: Type = { kind: 'tuple', elements: lists.map((one) => one.element) };
  const make = args.some(({ type }) => type.kind === 'set') ? set : list;
  return make(rows.map(tuple), element);
}

function elementType(type: Type): Type | undefined {
  if ('element' in type) return type.element;
  if (type.kind !== 'tuple') return undefined;
  return type.elements.length === 0 ? ANY : unify(type.elements);
}

function slice(args: readonly Value[]): Value {
  const [model = LOST] = args;
  const items = orderedIn(args, 0);
  const [start, end] = [wholeIn(args, 1), wholeIn(args, 2)];
  if (start < 0 || start > items.length)
    throw new FunctionError(`It is from 0 to ${items.length}`, 1);
  if (end < start || end > items.length)
    throw new FunctionError(`It is from ${start} to ${items.length}`, 2);
  return likeFirst(model, items.slice(start, end));
}

function length(value: Value): Value {
  if (typeof value.content === 'string') return number(countCharacters(value.content));
  const size = itemsOf(value)?.length ?? entriesOf(value)?.size;
  if (size === undefined) throw new FunctionError('Lists, maps and text have a length', 0);
  return number(size);
}

/** The first that is neither null nor empty text. */
function coalesce(args: readonly Value[]): Value {
  const type = unify(args.map((argument) => argument.type));
  if (type === undefined)
    throw new FunctionError('The arguments are of types that do not fit together');
  for (const argument of args) {
    if (argument.content === UNKNOWN) return marked(unknown(type), argument.sensitive);
    if (argument.content !== null && argument.content !== '') return convert(argument, type);
  }
  throw new FunctionError('All arguments are null or empty');
}

/** True where all items are, or any; null counts as false. */
function truths(test: (items: readonly Value[]) => boolean): Func {
  return {
    parameters: [{ name: 'list', type: listOf(BOOL) }],
    result: BOOL,
    call: (args) => bool(test(itemsIn(args, 0))),
  };
}

function indexOf(args: readonly Value[]): Value {
  const [, wanted = LOST] = args;
  const at = itemsIn(args, 0).findIndex(
    (item) => sameType(item.type, wanted.type) && same(item, wanted),
  );
  if (at < 0) throw new FunctionError('The value is not in the list', 1);
  return number(at);
}

export const listFunctions: Functions = {
  concat: { parameters: [], rest: openParameter('lists'), atLeast: 1, result: ANY, call: concat },
  flatten: {
    parameters: [openParameter('list')],
    result: ANY,
    call: (args) => tuple(flatten(itemsIn(args, 0))),
  },
  reverse: {
    parameters: [openParameter('list')],
    result: ANY,
    call: (args) => likeFirst(args[0] ?? LOST, [...itemsIn(args, 0)].reverse()),
  },
  slice: {
    parameters: [openParameter('list'), numberParameter('start'), numberParameter('end')],
    result: ANY,
    call: slice,
  },
  element: {
    parameters: [openParameter('list'), numberParameter('index')],
    result: ANY,
    call: (args) => {
      const items = orderedIn(args, 0);
      const at = wholeIn(args, 1) % Math.max(1, items.length);
      const item = items[at < 0 ? at + items.length : at];
      if (item === undefined) throw new FunctionError('The list is empty', 0);
      return item;
    },
  },
  index: {
    parameters: [openParameter('list'), openParameter('value')],
    result: NUMBER,
    call: indexOf,
  },
  length: {
    parameters: [openParameter('value')],
    result: NUMBER,
    call: ([value = LOST]) => length(value),
  },
  contains: {
    parameters: [
      { name: 'list', type: ANY },
      { name: 'value', type: ANY, nullable: true },
    ],
    result: BOOL,
    call: (args) => {
      const [, wanted = LOST] = args;
      const fits = (item: Value) =>
        item.content === null || wanted.content === null || sameType(item.type, wanted.type);
      return bool(itemsIn(args, 0).some((item) => fits(item) && same(item, wanted)));
    },
  },
  distinct: {
    parameters: [{ name: 'list', type: listOf(ANY) }],
    result: ANY,
    call: (args) => {
      const items = itemsIn(args, 0);
      const first = items.filter(
        (item, at) => items.findIndex((other) => same(item, other)) === at,
      );
      return likeFirst(args[0] ?? LOST, first);
    },
  },
  chunklist: {
    parameters: [ANY_LIST, numberParameter('size')],
    result: ANY,
    call: (args) => {
      const [model = LOST] = args;
      const items = itemsIn(args, 0);
      const size = wholeIn(args, 1);
      if (size < 0) throw new FunctionError('It is 0 or more', 1);
      const step = size === 0 ? Math.max(1, items.length) : size;
      const chunks = Array.from({ length: Math.ceil(items.length / step) }, (_, at) =>
        likeFirst(model, items.slice(at * step, (at + 1) * step)),
      );
      return list(chunks, model.type);
    },
  },
  coalesce: {
    parameters: [],
    rest: { ...openParameter('values'), nullable: true },
    atLeast: 1,
    result: ANY,
    call: coalesce,
  },
  coalescelist: {
    parameters: [],
    rest: { ...openParameter('lists'), nullable: true },
    atLeast: 1,
    result: ANY,
    call: (args) => {
      const at = args.findIndex(
        ({ content }, position) => content !== null && itemsIn(args, position).length > 0,
      );
      const found = args[at];
      if (found === undefined) throw new FunctionError('All lists are empty');
      return found;
    },
  },
  setproduct: {
    parameters: [],
    rest: openParameter('lists'),
    atLeast: 2,
    result: ANY,
    call: product,
  },
  sum: {
    parameters: [{ name: 'list', type: listOf(NUMBER) }],
    result: NUMBER,
    call: (args) => {
      const items = itemsIn(args, 0);
      if (items.length === 0) throw new FunctionError('The list is empty', 0);
      return number(items.map((_, at) => numberIn(items, at)).reduce((a, b) => a.plus(b)));
    },
  },
  alltrue: truths((items) => items.every(({ content }) => content === true)),
  anytrue: truths((items) => items.some(({ content }) => content === true)),
  one: {
    parameters: [openParameter('list')],
    result: ANY,
    call: (args) => {
      const items = itemsIn(args, 0);
      if (items.length > 1) throw new FunctionError('There is more than one element', 0);
      return items[0] ?? nullOf(ANY);
    },
  },
};
