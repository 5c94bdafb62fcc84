import type { Part } from '../../../inspect/finding.js';
import type { AskedSource, Gathered } from '../gather.js';

/** A section of the page; without a part no finding can belong to it. */
export interface Section {
  readonly title: string;
  readonly body: string;
  readonly part?: Part;
}

/** Why a source does not tell, for the section that it would fill. */
export function notKnown({ sources }: Gathered, kind: AskedSource['kind']): string {
  const source = sources.find((one) => one.kind === kind);
  return `not known: ${source?.problem ?? 'nobody was asked'}`;
}

/** Lines on what could not be read of a section. */
export function gapLines(
  gaps: ReadonlyArray<{ readonly part: string; readonly problem: string }>,
): string[] {
  return [...new Set(gaps.map(({ part, problem }) => `${part}: not known: ${problem}`))];
}
