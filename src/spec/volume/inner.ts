import { guess } from '../../volume/guess.js';
import { errorAt } from '../diagnostic.js';
import { type Body, describe } from '../hcl/ast.js';
import { type Entry, entriesOf, type Report } from './root.js';

/** The body of an entry that must be a block. */
export function bodyOf(entry: Entry, report: Report): Body | undefined {
  const { key, value } = entry;
  if (value.kind === 'object') return value.body;
  if (value.kind !== 'invalid')
    report(
      errorAt(
        value.range,
        `"${key.value}" must be a block, not ${describe(value)}`,
        `Write: ${key.value} { … }. For more than one write the block again.`,
      ),
    );
  return undefined;
}

/** The entries of a block whose keys are known; every other key is an error, as in Nomad. */
export function knownEntries(
  body: Body,
  block: string,
  known: readonly string[],
  report: Report,
): Entry[] {
  const entries = entriesOf(body);
  // Where the block's end is missing, what follows it may not belong to it.
  for (const { key } of entries)
    if (!known.includes(key.value) && body.complete)
      report(
        errorAt(
          key.range,
          `Unknown key "${key.value}" in ${block}`,
          `Known there ${known.length === 1 ? 'is' : 'are'} ${known.join(' and ')}, in lower case.`,
          guess(key.value, known),
        ),
      );
  return entries.filter(({ key }) => known.includes(key.value));
}
