import { errorAt } from '../diagnostic.js';
import { type Context, type Entry, lastCounts, namedOnce, type Report } from './root.js';
import { weakText } from './text.js';

/** A top-level key that holds text; '' where it is absent or unreadable. */
export function readScalar(context: Context, name: string): string {
  return textOfEntries(namedOnce(context, name), context.report) ?? '';
}

/** The text of a key that may be written several times; undefined where there is none that can be used. */
export function textOfEntries(entries: readonly Entry[], report: Report): string | undefined {
  const labelled = entries.find(({ labels }) => labels.length > 0);
  if (labelled !== undefined) {
    report(
      errorAt(labelled.key.range, `"${labelled.key.value}" is no block`, 'Write: key = "value".'),
    );
    return undefined;
  }
  const result = weakText(entries.map(({ value }) => value));
  if (result === undefined) return undefined;
  if ('problem' in result) {
    const name = entries[0]?.key.value ?? '';
    report(errorAt(result.range, `"${name}" ${result.problem}`, 'Write it as a string in quotes.'));
    return undefined;
  }
  lastCounts(report, entries);
  return result.text;
}
