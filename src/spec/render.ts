import type { Diagnostic, Position, Range, Sources } from './diagnostic.js';
import { sortByPlace } from './diagnostic.js';

/** How many characters of a long line a report shows. */
const WIDTH = 100;

const RESET = '\u001b[0m';
const COLOURS = { error: '\u001b[1;31m', warning: '\u001b[1;33m', bold: '\u001b[1m' } as const;

type Style = (text: string, colour: keyof typeof COLOURS) => string;

/** A report for a person, sorted by place: what, where, the line with the part underlined, what to do. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: Sources,
  options: { readonly colour: boolean },
): string {
  const style: Style = (text, colour) =>
    options.colour ? `${COLOURS[colour]}${text}${RESET}` : text;
  return sortByPlace(diagnostics)
    .map((diagnostic) => renderOne(diagnostic, sources, style))
    .join('\n\n');
}

/** One diagnostic in a line, for a log: the place, what is wrong, what to do. */
export function diagnosticLine(diagnostic: Diagnostic): string {
  const { summary, range } = diagnostic;
  const place =
    range === undefined ? '' : `${range.file}:${range.start.line}:${range.start.column}: `;
  return printable(`${place}${summary}. ${adviceOf(diagnostic)}`);
}

function adviceOf({ detail, guess }: Diagnostic): string {
  return guess === undefined ? detail : `Did you mean "${guess}"? ${detail}`;
}

function renderOne(diagnostic: Diagnostic, sources: Sources, style: Style): string {
  const { severity, summary, range } = diagnostic;
  const title = style(severity === 'error' ? 'Error:' : 'Warning:', severity);
  const advice = adviceOf(diagnostic);
  return [
    `${title} ${style(printable(summary), 'bold')}`,
    ...(range === undefined ? [] : ['', ...excerpt(range, sources, severity, style)]),
    '',
    `  ${printable(advice)}`,
  ].join('\n');
}

function excerpt(
  range: Range,
  sources: Sources,
  severity: Diagnostic['severity'],
  style: Style,
): string[] {
  const { line, column } = range.start;
  const where = `  on ${range.file}:${line}:${column}`;
  const text = sources.get(range.file)?.split(/\r\n|\n|\r/)[line - 1];
  if (text === undefined) return [where];
  const characters = [...text];
  const start = Math.min(column - 1, characters.length);
  const end =
    range.end.line === line
      ? Math.min(range.end.column - 1, characters.length)
      : [...text.trimEnd()].length;
  const from = characters.length <= WIDTH ? 0 : Math.max(0, start - WIDTH / 4);
  const until = Math.min(characters.length, from + WIDTH);
  const shown = characters.slice(from, until);
  const before = shown.slice(0, start - from).map((c) => (c === '\t' ? '\t' : ' '));
  const marks = '^'.repeat(Math.max(1, Math.min(end, until) - start));
  const gutter = String(line);
  const cutBefore = from > 0 ? '…' : '';
  return [
    where,
    `  ${gutter} | ${cutBefore}${printable(shown.join(''))}${until < characters.length ? '…' : ''}`,
    `  ${' '.repeat(gutter.length)} | ${cutBefore && ' '}${before.join('')}${style(marks, severity)}`,
  ];
}

/** Without the characters that would move a terminal's cursor or change its colours. */
function printable(text: string): string {
  return text.replace(/(?!\t)\p{Cc}/gu, '\ufffd');
}

export interface JsonDiagnostic {
  readonly severity: Diagnostic['severity'];
  readonly summary: string;
  readonly detail: string;
  readonly guess?: string;
  readonly range?: {
    readonly filename: string;
    readonly start: Position;
    readonly end: Position;
  };
}

/** The same for a program, sorted by place. */
export function diagnosticsToJson(diagnostics: readonly Diagnostic[]): JsonDiagnostic[] {
  return sortByPlace(diagnostics).map(({ severity, summary, detail, guess, range }) => ({
    severity,
    summary,
    detail,
    ...(guess === undefined ? {} : { guess }),
    ...(range === undefined
      ? {}
      : { range: { filename: range.file, start: range.start, end: range.end } }),
  }));
}
