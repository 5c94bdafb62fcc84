import { errorAt } from '../../diagnostic.js';
import { evaluate } from '../evaluate.js';
import type { Scope } from '../scope.js';
import type { Expression } from '../syntax/tree.js';
import { UNKNOWN, type Value } from '../value/model.js';
import { aType } from '../value/type.js';
import { entriesOf, itemsOf, number, text } from '../value/value.js';

export interface Element {
  readonly key: Value;
  readonly value: Value;
}

/** What is sensitive cannot decide what there is, since that shows. */
export function tellSensitive(expression: Expression, scope: Scope): [] {
  scope.report(
    errorAt(
      expression.range,
      'A sensitive value cannot say how many there are',
      'What there is can be seen. Use nonsensitive(…) where the value may be shown.',
    ),
  );
  return [];
}

/** The elements that a dynamic block goes through. */
export function eachOf(expression: Expression, scope: Scope): readonly Element[] {
  const collection = evaluate(expression, scope);
  if (collection.sensitive) return tellSensitive(expression, scope);
  const items = itemsOf(collection);
  if (items !== undefined)
    return items.map((value, at) => ({
      key: collection.type.kind === 'set' ? value : number(at),
      value,
    }));
  const entries = entriesOf(collection);
  if (entries !== undefined) return [...entries].map(([key, value]) => ({ key: text(key), value }));
  if (collection.content !== UNKNOWN)
    scope.report(
      errorAt(
        expression.range,
        'for_each goes through a list, a set, a map or an object',
        collection.content === null ? 'This value is null.' : `This is ${aType(collection.type)}.`,
      ),
    );
  return [];
}
