import { errorAt } from '../diagnostic.js';
import { type Body, describe, type Key, type Value } from '../hcl/ast.js';
import { type Entry, entriesOf, type Report } from './root.js';
import { type Decoded, decodeAfter } from './text.js';

/** What a key holds already: a list is of anything, or of blocks alone where it began with one. */
type Kept = Decoded | { readonly kind: 'list' | 'blocks' };

/**
 * Tells of what Nomad cannot decode. The whole file goes through one decoder before anything in it is looked at,
 * so that this is about every key, known or not: one that is written again keeps the type that it had first, and
 * blocks of one name have all a label or none.
 */
export function tellUndecodable(body: Body, report: Report): void {
  tellIn(entriesOf(body), report);
}

type Element = Pick<Entry, 'key' | 'labels' | 'value'>;

function tellIn(elements: readonly Element[], report: Report): void {
  const kept = new Map<string, Kept | 'unknown'>();
  const labelled = new Map<string, Element[]>();
  for (const element of elements) {
    const { key, labels, value } = element;
    const [label, ...more] = labels;
    if (label === undefined) {
      const next = keepAfter(kept.get(key.value), key, value, report);
      kept.set(key.value, next);
    } else {
      const inner = labelled.get(key.value) ?? [];
      labelled.set(key.value, [...inner, { key: label, labels: more, value }]);
    }
  }
  const bare = new Set([...kept.keys()].map((name) => name.toLowerCase()));
  for (const [name, inner] of labelled) {
    for (const element of inner) {
      if (bare.has(name.toLowerCase())) tellLabel(name, element.key, report);
      // Each is decoded on its own, whatever follows the label.
      tellIn([element], report);
    }
  }
}

function tellLabel(name: string, label: Key, report: Report): void {
  report(
    errorAt(
      label.range,
      `A "${name}" block takes no label`,
      'Nomad refuses blocks of which some have a label. Remove it.',
    ),
  );
}

function keepAfter(
  before: Kept | 'unknown' | undefined,
  key: Key,
  value: Value,
  report: Report,
): Kept | 'unknown' {
  tellWithin(value, report);
  if (before === 'unknown' || value.kind === 'invalid') return 'unknown';
  const next = decode(before, value);
  if (next !== undefined) return next;
  report(
    errorAt(
      value.range,
      `"${key.value}" is ${describe(value)} here and was of another type before`,
      'Nomad refuses a key that changes its type. Keep one of them.',
    ),
  );
  return 'unknown';
}

function decode(before: Kept | undefined, value: Exclude<Value, { kind: 'invalid' }>) {
  const list = before?.kind === 'list' || before?.kind === 'blocks' ? before : undefined;
  const literal = before === list ? undefined : (before as Decoded | undefined);
  switch (value.kind) {
    case 'object':
      return literal === undefined ? (list ?? ({ kind: 'blocks' } as const)) : undefined;
    case 'list':
      if (literal !== undefined) return undefined;
      return list?.kind === 'blocks' && !value.items.every(({ kind }) => kind === 'object')
        ? undefined
        : (list ?? ({ kind: 'list' } as const));
    default:
      return list === undefined ? decodeAfter(literal, value) : undefined;
  }
}

function tellWithin(value: Value, report: Report): void {
  if (value.kind === 'object') tellUndecodable(value.body, report);
  else if (value.kind === 'list') for (const item of value.items) tellWithin(item, report);
}
