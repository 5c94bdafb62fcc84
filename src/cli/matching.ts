import { CommandError } from './errors.js';

/** The one of `found`, or undefined where there is none. Throws CommandError, with all of them, where there are more. */
export function onlyOne<T extends { readonly id: string }>(
  found: readonly T[],
  problem: string,
  table: (found: readonly T[]) => string,
): T | undefined {
  if (found.length <= 1) return found[0];
  throw new CommandError(problem, {
    text: table(found),
    code: 'AMBIGUOUS',
    details: found.map(({ id }) => id),
  });
}
