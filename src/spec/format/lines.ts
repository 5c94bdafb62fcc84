import { bracketsOf, type FormatToken } from './token.js';

/** A piece and the blanks before it. */
export interface Placed {
  readonly token: FormatToken;
  blanks: number;
}

/** A line in up to three cells; the cells of neighbouring lines are aligned with each other. */
export interface Line {
  /** Everything that is in none of the others. */
  readonly lead: readonly Placed[];
  /** From the equals sign of an assignment on, where its value ends on the line. */
  readonly assign: readonly Placed[];
  /** A comment behind something else. */
  readonly comment: Placed | undefined;
  /** As written; '' at the end of a text. */
  readonly newline: string;
}

/** The lines of a text; one of several blank lines stays, and none at the beginning and the end. */
export function linesOf(tokens: readonly FormatToken[]): Line[] {
  const lines: Line[] = [];
  let pieces: FormatToken[] = [];
  const close = (newline: string) => {
    const blank = pieces.length === 0;
    if (!blank || (lines.length > 0 && !isBlank(lines[lines.length - 1])))
      lines.push(lineOf(pieces, newline));
    pieces = [];
  };
  for (const token of tokens)
    if (token.kind === 'newline') close(token.text);
    else pieces.push(token);
  if (pieces.length > 0) close('');
  if (isBlank(lines[lines.length - 1])) lines.pop();
  return lines;
}

function isBlank(line: Line | undefined): boolean {
  return line !== undefined && line.lead.length === 0;
}

function lineOf(tokens: readonly FormatToken[], newline: string): Line {
  const placed = tokens.map((token) => ({ token, blanks: 0 }));
  const last = placed[placed.length - 1];
  const comment = placed.length > 1 && last?.token.kind === 'line-comment' ? last : undefined;
  const rest = comment === undefined ? placed : placed.slice(0, -1);
  const equals = rest.findIndex(
    ({ token }, at) => at > 0 && token.kind === 'sign' && token.text === '=',
  );
  const assigned = equals < 0 ? [] : rest.slice(equals);
  const whole = assigned.length > 0 && openedIn(assigned) === 0;
  return {
    lead: whole ? rest.slice(0, equals) : rest,
    assign: whole ? assigned : [],
    comment,
    newline,
  };
}

/** How many brackets stay open behind some pieces. */
export function openedIn(placed: readonly Placed[]): number {
  return placed.reduce((sum, { token }) => sum + bracketsOf(token), 0);
}
