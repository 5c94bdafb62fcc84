import { errorAt, warningAt } from '../diagnostic.js';
import { type Body, describe, type Value } from '../hcl/ast.js';
import { type Context, type Entry, entriesOf, namedOnce } from './root.js';
import { textOfEntries } from './scalars.js';

/**
 * `secrets`, `parameters`, `context`: blocks, or lists of them, merged by key; the last of a key counts. Undefined
 * where there is none.
 */
export function readMap(context: Context, name: string): Record<string, string> | undefined {
  const written = namedOnce(context, name);
  if (written.length === 0) return undefined;
  const merged = new Map<string, { text: string; entry: Entry }>();
  for (const entry of written)
    for (const body of bodiesOf(context, entry))
      for (const [key, entries] of byKey(entriesOf(body))) {
        const text = textOfEntries(entries, context.report);
        const entry = entries[entries.length - 1];
        if (text === undefined || entry === undefined) continue;
        const before = merged.get(key);
        if (before !== undefined)
          context.report(
            warningAt(
              before.entry.key.range,
              `"${key}" is written again in ${name} below`,
              'The blocks are merged and the last one counts.',
            ),
          );
        merged.set(key, { text, entry });
      }
  return Object.fromEntries([...merged].map(([key, { text }]) => [key, text]));
}

function bodiesOf(context: Context, entry: Entry): Body[] {
  const { key, labels, value } = entry;
  const [label] = labels;
  if (label !== undefined) {
    context.report(
      errorAt(label.range, `"${key.value}" takes no label`, `Write: ${key.value} { … }.`),
    );
    return [];
  }
  const values: readonly Value[] = value.kind === 'list' ? value.items : [value];
  return values.flatMap((element) => {
    if (element.kind === 'object') return [element.body];
    if (element.kind !== 'invalid')
      context.report(
        errorAt(
          element.range,
          `"${key.value}" must be a block, not ${describe(element)}`,
          `Write: ${key.value} { key = "value" }.`,
        ),
      );
    return [];
  });
}

/** Entries by their exact key, in the order in which the keys appear first. */
export function byKey(entries: readonly Entry[]): Map<string, Entry[]> {
  const found = new Map<string, Entry[]>();
  for (const entry of entries) {
    const others = found.get(entry.key.value);
    if (others === undefined) found.set(entry.key.value, [entry]);
    else others.push(entry);
  }
  return found;
}
