export type Cell = string | number | bigint | boolean | null | undefined;

const NONE = '<none>';
const GAP = '  ';

/** Rows under a header in aligned columns, two spaces apart. */
export function table(header: readonly string[], rows: ReadonlyArray<readonly Cell[]>): string {
  const lines = [header, ...rows.map((row) => header.map((_, column) => plain(row[column])))];
  const widths = header.map((_, column) =>
    Math.max(...lines.map((line) => width(line[column] ?? ''))),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => pad(cell, widths[column] ?? 0))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** Keys and values, the signs of equality under each other. */
export function keyValues(pairs: ReadonlyArray<readonly [string, Cell]>): string {
  const widest = Math.max(...pairs.map(([key]) => width(key)));
  return pairs.map(([key, value]) => `${pad(key, widest)} = ${plain(value)}`).join('\n');
}

/** A value on one line: control characters could move a terminal's cursor, so they are shown by number. */
function plain(cell: Cell): string {
  if (cell === undefined || cell === null || cell === '') return NONE;
  return String(cell).replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
    /[\u0000-\u001f\u007f-\u009f]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)));
}

function width(text: string): number {
  return [...text].length;
}
