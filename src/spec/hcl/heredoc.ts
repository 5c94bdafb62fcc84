import type { Token } from './token.js';

const OPENING = /<<(-?)([\p{L}\p{Nd}_]*)(\r*\n)?/uy;

/** A heredoc, its closing marker and that line's end included. */
export function scanHeredoc(text: string, start: number): Token {
  OPENING.lastIndex = start;
  const [opening = '<<', dash = '', marker = '', newline] = OPENING.exec(text) ?? [];
  const end = start + opening.length;
  const failed = (summary: string, detail: string, until: number): Token => ({
    type: 'heredoc',
    start,
    end: until,
    problem: { summary, detail, start, end },
  });
  const lineEnd = text.indexOf('\n', end);
  const rest = lineEnd < 0 ? text.length : lineEnd;
  if (marker === '')
    return failed(
      'A heredoc needs a marker',
      'Write <<EOF, the lines, and EOF on a line of its own, without quotes.',
      rest,
    );
  if (newline === undefined)
    return failed(
      'Only the marker stands on the first line of a heredoc',
      `The text begins on the line behind <<${dash}${marker}.`,
      rest,
    );
  const closing = new RegExp(`^[ \\t\\v\\f\\r]*${marker}\\r*$`, 'u');
  // Nomad's reader compares lengths first, and counts the dash.
  const least = dash.length + marker.length;
  let line = end;
  for (;;) {
    const lineEnd = text.indexOf('\n', line);
    if (lineEnd < 0) break;
    const written = text.slice(line, lineEnd).replace(/\r$/, '');
    if (written.length >= least && closing.test(written))
      return { type: 'heredoc', start, end: lineEnd + 1 };
    line = lineEnd + 1;
  }
  const last = text.slice(line);
  return failed(
    'This heredoc is never closed',
    closing.test(last)
      ? `The line with ${marker} must end with a line break, which the end of this file lacks.`
      : `It ends with ${marker} on a line of its own${dash === '' ? '' : `, indented by at least one space or tab`}.`,
    text.length,
  );
}

/**
 * A heredoc's value. With <<- every line loses the closing marker's indent where all lines have it; without,
 * what stands before the closing marker stays in the value, as in Nomad.
 */
export function heredocValue(raw: string): string {
  const text = raw.replaceAll('\r\n', '\n');
  const first = text.indexOf('\n');
  const indented = text[2] === '-';
  const markerLength = first - (indented ? 3 : 2);
  const body = text.slice(first + 1, text.length - markerLength - 1);
  if (!indented) return body;
  const lines = body.split('\n');
  const prefix = lines[lines.length - 1] ?? '';
  if (!lines.every((line) => line.startsWith(prefix))) return body.replace(/[ \t]+$/, '');
  return lines
    .map((line, index) => (index === lines.length - 1 ? '' : line.slice(prefix.length)))
    .join('\n');
}
