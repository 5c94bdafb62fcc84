import { hasBlank } from './blanks.js';
import { type Line, linesOf, openedIn, type Placed } from './lines.js';
import type { FormatToken } from './token.js';

const INDENT = 2;
const GRAPHEMES = new Intl.Segmenter();

/**
 * A text in HashiCorp's layout: two blanks an indent, equals signs and comments of neighbouring lines aligned, one
 * blank line at most. Only blanks and blank lines change.
 */
export function layOut(tokens: readonly FormatToken[]): string {
  const lines = linesOf(tokens);
  indent(lines);
  for (const { lead, assign } of lines) {
    separate(lead);
    separate(assign);
  }
  align(
    lines,
    ({ assign }) => assign[0],
    ({ lead }) => lead,
  );
  align(
    lines,
    ({ comment }) => comment,
    ({ lead, assign }) => [...lead, ...assign],
  );
  const newline = lines.find((line) => line.newline !== '')?.newline ?? '\n';
  return lines.map((line) => written(line) + (line.newline || newline)).join('');
}

/** A line that opens brackets indents those below, by one step whatever their number, until they are closed. */
function indent(lines: readonly Line[]): void {
  const steps: number[] = [];
  for (const { lead, assign } of lines) {
    const [first] = lead;
    const opened = openedIn(lead) + openedIn(assign);
    for (let closed = -opened; closed > 0 && steps.length > 0; ) {
      const open = steps.pop() ?? 0;
      if (open > closed) steps.push(open - closed);
      closed -= open;
    }
    if (first !== undefined) first.blanks = INDENT * steps.length;
    if (opened > 0) steps.push(opened);
  }
}

function separate(cell: readonly Placed[]): void {
  for (const [at, placed] of cell.entries()) {
    const left = cell[at - 1]?.token;
    if (left !== undefined)
      placed.blanks = hasBlank(cell[at - 2]?.token, left, placed.token) ? 1 : 0;
  }
}

/** Brings what `pick` takes of consecutive lines into one column, a blank behind the longest of what is before. */
function align(
  lines: readonly Line[],
  pick: (line: Line) => Placed | undefined,
  before: (line: Line) => readonly Placed[],
): void {
  let chain: Array<{ placed: Placed; columns: number }> = [];
  const close = () => {
    const widest = Math.max(...chain.map(({ columns }) => columns));
    for (const { placed, columns } of chain) placed.blanks = widest - columns + 1;
    chain = [];
  };
  for (const line of lines) {
    const placed = pick(line);
    if (placed === undefined) close();
    else chain.push({ placed, columns: columnsOf(before(line)) });
  }
  close();
}

function columnsOf(cell: readonly Placed[]): number {
  return cell.reduce((sum, { token, blanks }) => sum + blanks + widthOf(token.text), 0);
}

function widthOf(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : [...GRAPHEMES.segment(text)].length;
}

function written({ lead, assign, comment }: Line): string {
  return [...lead, ...assign, ...(comment === undefined ? [] : [comment])]
    .map(({ token, blanks }) => ' '.repeat(blanks) + token.text)
    .join('');
}
