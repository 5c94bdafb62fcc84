import { type Diagnostic, errorAt, type Range, warningAt } from '../diagnostic.js';
import { type Body, contentOf, type Item, type Key, keysOf, type Value } from '../hcl/ast.js';

export type Report = (diagnostic: Diagnostic) => void;

/** One `key value` of a body, with a block's labels. */
export interface Entry {
  readonly key: Key;
  readonly labels: readonly Key[];
  readonly value: Value;
  readonly item: Item;
}

export function entriesOf(body: Body): Entry[] {
  return body.items.map((item) => {
    const [key, ...labels] = keysOf(item);
    return { key, labels, value: contentOf(item), item };
  });
}

/** What a field's reader gets: the whole body, and where to tell of mistakes. */
export interface Context {
  readonly entries: readonly Entry[];
  readonly report: Report;
  /** True where nothing was lost, so that what is not there is missing. */
  readonly complete: boolean;
  /** Where to say that something is missing. */
  readonly place: Range;
}

/** The entries of a top-level key, which Nomad finds in any case. */
export function named(context: Context, name: string): Entry[] {
  return context.entries.filter(({ key }) => key.value.toLowerCase() === name);
}

/** The entries in one spelling, where Nomad would pick one of two at random. */
export function namedOnce(context: Context, name: string): Entry[] {
  const entries = named(context, name);
  const [first] = entries;
  const other = entries.find(({ key }) => key.value !== first?.key.value);
  if (first !== undefined && other !== undefined)
    context.report(
      errorAt(
        other.key.range,
        `"${name}" is written in two ways`,
        `As "${first.key.value}" and as "${other.key.value}": Nomad takes one of them at random. Keep one.`,
      ),
    );
  return entries.filter(({ key }) => key.value === first?.key.value);
}

/**
 * The entries without a label. With one a block is lost, without a word from Nomad; with and without, Nomad
 * refuses the specification.
 */
export function unlabelled(context: Context, entries: readonly Entry[], advice: string): Entry[] {
  const plain = entries.filter(({ labels }) => labels.length === 0);
  for (const { key, labels } of entries) {
    const [label] = labels;
    if (label === undefined) continue;
    // Where some have none, Nomad cannot decode them, which is told.
    if (plain.length === 0)
      context.report(
        warningAt(
          label.range,
          `A "${key.value}" block takes no label`,
          `Nomad leaves the block out because of it. ${advice}`,
        ),
      );
  }
  return plain;
}

/** Tells of every entry but the last that it does not count. */
export function lastCounts(report: Report, entries: readonly Entry[]): void {
  for (const { key } of entries.slice(0, -1))
    report(warningAt(key.range, `"${key.value}" is written again below`, 'The last one counts.'));
}

/** Tells of every entry but the first that it does not count. */
export function firstCounts(report: Report, entries: readonly Entry[]): void {
  for (const { key } of entries.slice(1))
    report(
      warningAt(key.range, `"${key.value}" is written above already`, 'Only the first one counts.'),
    );
}
