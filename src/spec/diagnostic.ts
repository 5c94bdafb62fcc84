/**
 * A place in a text: line and column count from 1, the column in characters. From 0 count the offset, in UTF-16
 * units, and the byte, in the text's UTF-8.
 */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
  readonly byte: number;
}

/** A part of a file, `end` excluded. */
export interface Range {
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
}

/** From where `first` begins to where `last` ends. */
export function spanning(first: Range, last: Range): Range {
  return { file: first.file, start: first.start, end: last.end };
}

/** One mistake in a file, or something in it that does not do what it seems to. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** One line without a full stop. */
  readonly summary: string;
  /** What was expected and what to do, in sentences. */
  readonly detail: string;
  /** Absent where it is about the whole file. */
  readonly range?: Range;
  /** The word that was probably meant. */
  readonly guess?: string;
}

/** File names and their texts, for the lines that a report shows. */
export type Sources = ReadonlyMap<string, string>;

function diagnostic(
  severity: Diagnostic['severity'],
  range: Range | undefined,
  summary: string,
  detail: string,
  guess: string | undefined,
): Diagnostic {
  return {
    severity,
    summary,
    detail,
    ...(range === undefined ? {} : { range }),
    ...(guess === undefined ? {} : { guess }),
  };
}

export function errorAt(
  range: Range | undefined,
  summary: string,
  detail: string,
  guess?: string,
): Diagnostic {
  return diagnostic('error', range, summary, detail, guess);
}

export function warningAt(
  range: Range | undefined,
  summary: string,
  detail: string,
  guess?: string,
): Diagnostic {
  return diagnostic('warning', range, summary, detail, guess);
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}

/** By file and place; what has no place comes first. */
export function sortByPlace(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort((a, b) => {
    const left = a.range?.file ?? '';
    const right = b.range?.file ?? '';
    if (left !== right) return left < right ? -1 : 1;
    return (a.range?.start.offset ?? -1) - (b.range?.start.offset ?? -1);
  });
}
