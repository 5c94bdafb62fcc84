import { errorAt } from '../../diagnostic.js';
import { evaluate } from '../evaluate.js';
import { type Scope, withNames } from '../scope.js';
import type { Attribute, Block, Expression } from '../syntax/tree.js';
import { UNKNOWN, type Value } from '../value/model.js';
import { Numeral } from '../value/numeral.js';
import { aType } from '../value/type.js';
import { entriesOf, itemsOf, number, object, text } from '../value/value.js';
import { tellSensitive } from './each.js';

/** More volumes from one block are a mistake. */
const MAX_COUNT = 1000;

/** One volume that a block stands for. */
export interface Instance {
  /** What its id and name are where the block does not say: the label, with an index or a key. */
  readonly name: string;
  /** Where `count` counts it; a job with per_alloc finds volumes whose ids end in it. */
  readonly index?: number;
  readonly scope: Scope;
}

/** The volumes of a block: one, `count` of them, or one for each element of `for_each`. */
export function instancesOf(label: string, block: Block, scope: Scope): readonly Instance[] {
  const count = attributeOf(block, 'count');
  const forEach = attributeOf(block, 'for_each');
  if (count !== undefined && forEach !== undefined) {
    scope.report(
      errorAt(forEach.name.range, 'count and for_each exclude each other', 'Keep one of them.'),
    );
    return [];
  }
  if (count !== undefined) return counted(label, count.value, scope);
  if (forEach !== undefined) return forEachOf(label, forEach.value, scope);
  return [{ name: label, scope }];
}

export function attributeOf({ body }: Block, name: string): Attribute | undefined {
  return body.items.find((item) => item.kind === 'attribute' && item.name.value === name) as
    | Attribute
    | undefined;
}

function counted(label: string, expression: Expression, scope: Scope): readonly Instance[] {
  const value = evaluate(expression, scope);
  if (value.sensitive) return tellSensitive(expression, scope);
  if (value.content === UNKNOWN) return [];
  const { content } = value;
  const asked =
    content instanceof Numeral
      ? content
      : typeof content === 'string'
        ? Numeral.parse(content)
        : undefined;
  const count = asked?.integer;
  if (count === undefined || count < 0n || count > BigInt(MAX_COUNT)) {
    scope.report(
      errorAt(
        expression.range,
        `count is a whole number from 0 to ${MAX_COUNT}`,
        content === null ? 'This value is null.' : 'It says how many volumes there are.',
      ),
    );
    return [];
  }
  return Array.from({ length: Number(count) }, (_, index) => ({
    name: `${label}[${index}]`,
    index,
    scope: withNames(scope, [['count', object([['index', number(index)]])]]),
  }));
}

function forEachOf(label: string, expression: Expression, scope: Scope): readonly Instance[] {
  const collection = evaluate(expression, scope);
  if (collection.sensitive) return tellSensitive(expression, scope);
  if (collection.content === UNKNOWN) return [];
  const pairs = pairsOf(collection);
  if (typeof pairs === 'string') {
    scope.report(errorAt(expression.range, 'for_each takes a map or a set of text', pairs));
    return [];
  }
  return pairs.map(([key, value]) => ({
    name: `${label}-${key}`,
    scope: withNames(scope, [
      [
        'each',
        object([
          ['key', text(key)],
          ['value', value],
        ]),
      ],
    ]),
  }));
}

/** Keys and values, or why there are none. */
function pairsOf(collection: Value): ReadonlyArray<readonly [string, Value]> | string {
  const entries = entriesOf(collection);
  if (entries !== undefined) return [...entries];
  const items = collection.type.kind === 'set' ? itemsOf(collection) : undefined;
  if (items === undefined)
    return collection.content === null
      ? 'This value is null.'
      : `This is ${aType(collection.type)}.${itemsOf(collection) === undefined ? '' : ' Make a set of it: toset(…).'}`;
  const keys = items.flatMap(({ content }) => (typeof content === 'string' ? [content] : []));
  return keys.length === items.length
    ? keys.map((key) => [key, text(key)] as const)
    : 'The elements of the set are no text.';
}
