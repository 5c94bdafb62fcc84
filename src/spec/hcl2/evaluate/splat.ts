import { errorAt } from '../../diagnostic.js';
import type { Scope } from '../scope.js';
import type { Splat } from '../syntax/tree.js';
import { UNKNOWN, type Value } from '../value/model.js';
import { sameType } from '../value/type.js';
import { itemsOf, LOST, list, marked, tuple, unknown } from '../value/value.js';
import type { Evaluate } from './types.js';

/** `list[*].each`. A value that is no list counts as a list of it alone, and null as an empty one. */
export function evaluateSplat(node: Splat, scope: Scope, evaluate: Evaluate): Value {
  const source = evaluate(node.source, scope);
  const { type, content, sensitive } = source;
  const isList = type.kind === 'list' || type.kind === 'set' || type.kind === 'tuple';
  if (content === null) {
    if (!isList) return marked(tuple([]), sensitive);
    scope.report(errorAt(node.source.range, 'There are no elements here', 'This value is null.'));
    return LOST;
  }
  if (content === UNKNOWN) return marked(LOST, sensitive);
  const items = itemsOf(source) ?? [source];
  const results = items.map((item) =>
    evaluate(node.each, { ...scope, each: marked(item, sensitive) }),
  );
  if (!('element' in type) || type.kind === 'map') return marked(tuple(results), sensitive);
  const [first] = results;
  if (first === undefined) {
    const element = evaluate(node.each, { ...scope, each: unknown(type.element) }).type;
    return marked(list([], element), sensitive);
  }
  const alike = results.every((result) => sameType(result.type, first.type));
  return marked(alike ? list(results) : tuple(results), sensitive);
}
