import { errorAt, type Range } from '../../diagnostic.js';
import * as flat from '../../hcl/ast.js';
import { evaluate } from '../evaluate.js';
import type { Scope } from '../scope.js';
import { withNames } from '../scope.js';
import type { Block, Body, Expression, Item } from '../syntax/tree.js';
import { UNKNOWN, type Value } from '../value/model.js';
import { entriesOf, itemsOf, object } from '../value/value.js';
import { eachOf } from './each.js';
import type { Secrets } from './secrecy.js';

/** Evaluates a body: its literal values, as the readers of volumes take them. */
export function settle(body: Body, scope: Scope, secrets: Secrets): flat.Body {
  return settleBody(body, scope, { secrets, secret: false });
}

interface Noting {
  readonly secrets: Secrets;
  /** True inside of what holds secrets. */
  readonly secret: boolean;
}

function settleBody(body: Body, scope: Scope, noting: Noting): flat.Body {
  const items = body.items.flatMap((item) => settleItem(item, scope, noting));
  return { items, range: body.range, complete: body.complete };
}

function settleItem(item: Item, scope: Scope, noting: Noting): flat.Item[] {
  if (item.kind === 'block' && item.type.value === 'dynamic')
    return settleDynamic(item, scope, noting);
  const name = item.kind === 'attribute' ? item.name : item.type;
  const inner = { ...noting, secret: noting.secret || name.value.toLowerCase() === 'secrets' };
  if (item.kind === 'block')
    return [flat.blockOf([name, ...item.labels], settleBody(item.body, scope, inner), item.range)];
  const value = evaluate(item.value, scope);
  inner.secrets.note(value, item.value.range, inner.secret);
  const settled = toFlat(value, item.value, scope);
  return settled === undefined ? [] : [flat.attributeOf(name, settled, item.range)];
}

/** `dynamic "type" { for_each = …  content { … } }`: a block for each element, which `type.value` is. */
function settleDynamic(block: Block, scope: Scope, noting: Noting): flat.Item[] {
  const [type] = block.labels;
  const attributes = block.body.items.filter((item) => item.kind === 'attribute');
  const contents = block.body.items.filter((item) => item.kind === 'block');
  const forEach = attributes.find(({ name }) => name.value === 'for_each');
  const iterator = attributes.find(({ name }) => name.value === 'iterator');
  const content = contents.find((inner) => inner.type.value === 'content');
  const stray = [...attributes, ...contents].find(
    (item) => item !== forEach && item !== iterator && item !== content,
  );
  if (type === undefined || forEach === undefined || content === undefined || stray !== undefined) {
    scope.report(
      errorAt(
        (stray ?? block).range,
        'A dynamic block is written otherwise',
        'Write: dynamic "capability" { for_each = …, content { … } }, each on a line of its own. In content stand capability.key and capability.value.',
      ),
    );
    return [];
  }
  const root = iterator?.value.kind === 'variable' ? iterator.value.name : type.value;
  return eachOf(forEach.value, scope).flatMap(({ key, value }) => {
    const element = object([
      ['key', key],
      ['value', value],
    ]);
    const body = settleBody(content.body, withNames(scope, [[root, element]]), noting);
    return [flat.blockOf([type], body, block.range)];
  });
}

/** Undefined for null, with which a key counts as not written. */
function toFlat(
  value: Value,
  expression: Expression | undefined,
  scope: Scope,
  place?: Range,
): flat.Value | undefined {
  const range = expression?.range ?? place;
  if (range === undefined || value.content === null) return undefined;
  if (value.content === UNKNOWN) return { kind: 'invalid', range };
  const items = itemsOf(value);
  if (items !== undefined) {
    const written = expression?.kind === 'tuple' ? expression.items : [];
    return {
      kind: 'list',
      range,
      items: items.map((item, at) => itemOf(item, written[at], scope, range)),
    };
  }
  const entries = entriesOf(value);
  if (entries !== undefined) {
    const body = bodyOf(entries, expression, scope, range);
    return { kind: 'object', body, range };
  }
  const content = String(value.content);
  return { kind: 'string', value: content, raw: `"${content}"`, heredoc: false, range };
}

function itemOf(
  item: Value,
  expression: Expression | undefined,
  scope: Scope,
  range: Range,
): flat.Value {
  const settled = toFlat(item, expression, scope, range);
  if (settled !== undefined) return settled;
  const place = expression?.range ?? range;
  scope.report(errorAt(place, 'There is no null in a list', 'Leave the element out.'));
  return { kind: 'invalid', range: place };
}

function bodyOf(
  entries: ReadonlyMap<string, Value>,
  expression: Expression | undefined,
  scope: Scope,
  range: Range,
): flat.Body {
  const written = new Map(
    (expression?.kind === 'object' ? expression.entries : []).flatMap((entry) => {
      const { key } = entry;
      const name =
        key.kind === 'variable' ? key.name : key.kind === 'literal' ? key.value.content : undefined;
      return name === undefined ? [] : [[String(name), entry] as const];
    }),
  );
  const items = [...entries].flatMap(([name, value]) => {
    const own = written.get(name);
    const settled = toFlat(value, own?.value, scope, range);
    const key = { value: name, range: own?.key.range ?? range };
    return settled === undefined ? [] : [flat.attributeOf(key, settled, own?.value.range ?? range)];
  });
  return { items, range, complete: true };
}
