import { convert } from '../value/convert.js';
import type { Value } from '../value/model.js';
import { ANY, setOf } from '../value/type.js';
import { commonElement } from '../value/unify.js';
import { same, set } from '../value/value.js';
import { type Func, FunctionError, type Functions, itemsIn } from './define.js';

/** A function of sets, whose elements are brought to one type. */
function ofSets(combine: (first: readonly Value[], others: readonly Value[][]) => Value[]): Func {
  const parameter = { name: 'sets', type: setOf(ANY) };
  return {
    parameters: [],
    rest: parameter,
    atLeast: 1,
    result: setOf(ANY),
    call: (args) => {
      const lists = args.map((_, at) => itemsIn(args, at));
      const element = commonElement(
        args.flatMap(({ type }) => ('element' in type ? type.element : [])),
      );
      if (element === undefined)
        throw new FunctionError('The sets have elements of types that do not fit together');
      const [first = [], ...others] = lists.map((items) =>
        items.map((item) => convert(item, element)),
      );
      return set(combine(first, others), element);
    },
  };
}

function isIn(items: readonly Value[], wanted: Value): boolean {
  return items.some((item) => same(item, wanted));
}

export const setFunctions: Functions = {
  setunion: ofSets((first, others) => [...first, ...others.flat()]),
  setintersection: ofSets((first, others) =>
    first.filter((item) => others.every((other) => isIn(other, item))),
  ),
  setsubtract: ofSets((first, others) =>
    first.filter((item) => !others.some((other) => isIn(other, item))),
  ),
};
