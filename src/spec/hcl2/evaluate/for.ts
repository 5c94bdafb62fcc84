import { errorAt } from '../../diagnostic.js';
import { type Scope, withNames } from '../scope.js';
import type { Expression, For } from '../syntax/tree.js';
import { UNKNOWN, type Value } from '../value/model.js';
import { aType } from '../value/type.js';
import { entriesOf, itemsOf, LOST, marked, number, object, text, tuple } from '../value/value.js';
import { keyOf } from './object.js';
import { truthOf } from './truth.js';
import type { Evaluate } from './types.js';

/** `[for … : …]` and `{for … : … => …}`. */
export function evaluateFor(node: For, scope: Scope, evaluate: Evaluate): Value {
  const collection = evaluate(node.collection, scope);
  const pairs = pairsOf(collection, node, scope);
  if (pairs === undefined) return marked(LOST, collection.sensitive);
  const run = new Run(node, scope, evaluate);
  run.sensitive = collection.sensitive;
  for (const [key, value] of pairs) run.step(key, value);
  return run.result();
}

class Run {
  sensitive = false;
  /** False where not all that is in the result can be told. */
  #known = true;
  readonly #results: Value[] = [];
  readonly #groups = new Map<string, Value[]>();

  constructor(
    readonly node: For,
    readonly scope: Scope,
    readonly evaluate: Evaluate,
  ) {}

  step(key: Value, value: Value): void {
    const { keyName, name, condition, key: keyExpression, result } = this.node;
    const inner = withNames(this.scope, [
      ...(keyName === undefined ? [] : [[keyName, key] as const]),
      [name, value],
    ]);
    if (condition !== undefined && !this.#included(condition, inner)) return;
    if (keyExpression === undefined) this.#results.push(this.evaluate(result, inner));
    else this.#add(keyExpression, this.evaluate(result, inner), inner);
  }

  result(): Value {
    if (!this.#known) return marked(LOST, this.sensitive);
    const { key, grouped } = this.node;
    if (key === undefined) return marked(tuple(this.#results), this.sensitive);
    const entries = [...this.#groups].map(
      ([name, values]) => [name, grouped ? tuple(values) : (values[0] ?? LOST)] as const,
    );
    return marked(object(entries), this.sensitive);
  }

  #included(condition: Expression, inner: Scope): boolean {
    const value = this.evaluate(condition, inner);
    const decision = truthOf(value, condition, inner);
    this.sensitive ||= decision.sensitive;
    if (typeof decision.content !== 'boolean') this.#known = false;
    return decision.content === true;
  }

  #add(expression: Expression, value: Value, inner: Scope): void {
    const key = keyOf(this.evaluate(expression, inner), expression, inner);
    this.sensitive ||= key?.sensitive ?? false;
    if (typeof key?.content !== 'string') {
      this.#known = false;
      return;
    }
    const before = this.#groups.get(key.content);
    if (before === undefined) this.#groups.set(key.content, [value]);
    else if (this.node.grouped) before.push(value);
    else
      this.scope.report(
        errorAt(
          expression.range,
          'Two elements have the same key here',
          `${key.sensitive ? 'The key' : `"${key.content}"`} comes up twice. To keep all, write "..." behind the value: they become a list.`,
        ),
      );
  }
}

/** Keys and values; undefined where there are none to be told. */
function pairsOf(
  collection: Value,
  node: For,
  scope: Scope,
): ReadonlyArray<readonly [Value, Value]> | undefined {
  const { type, content, sensitive } = collection;
  const mark = (value: Value) => marked(value, sensitive);
  const items = itemsOf(collection);
  if (items !== undefined)
    return items.map((item, at) => [mark(type.kind === 'set' ? item : number(at)), mark(item)]);
  const entries = entriesOf(collection);
  if (entries !== undefined)
    return [...entries].map(([key, value]) => [mark(text(key)), mark(value)]);
  if (content === UNKNOWN) return undefined;
  scope.report(
    errorAt(
      node.collection.range,
      'There is nothing to go through here',
      content === null
        ? 'This value is null.'
        : `This is ${aType(type)}; a "for" goes through a list, a set, a map or an object.`,
    ),
  );
  return undefined;
}
