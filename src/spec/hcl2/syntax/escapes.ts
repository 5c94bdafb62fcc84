const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
};
const SEQUENCE = /\\(?:u([0-9a-fA-F]{0,4})|U([0-9a-fA-F]{0,8})|([\s\S]?))|(\$\$\{|%%\{)/gu;

export interface BadEscape {
  readonly problem: string;
  /** Offsets in the text. */
  readonly start: number;
  readonly end: number;
}

/** What a piece of a quoted string stands for, and the escapes in it that stand for nothing. */
export function readEscapes(written: string): {
  readonly text: string;
  readonly bad: readonly BadEscape[];
} {
  const bad: BadEscape[] = [];
  const text = written.replace(SEQUENCE, (whole, short, long, simple, doubled, start: number) => {
    if (doubled !== undefined) return doubled.slice(1);
    const known = SIMPLE[simple];
    if (known !== undefined) return known;
    const problem = problemOf(short, long);
    if (problem === undefined) return String.fromCodePoint(Number.parseInt(short ?? long, 16));
    bad.push({ problem, start, end: start + whole.length });
    return '\ufffd';
  });
  return { text, bad };
}

function problemOf(short: string | undefined, long: string | undefined): string | undefined {
  if (short === undefined && long === undefined)
    return 'After a backslash stand n, r, t, a quote, a backslash, or u and U with 4 and 8 hexadecimal digits. A backslash itself is written twice.';
  if (short !== undefined && short.length < 4) return 'After \\u stand four hexadecimal digits.';
  if (long !== undefined && long.length < 8) return 'After \\U stand eight hexadecimal digits.';
  const code = Number.parseInt(short ?? long ?? '', 16);
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)
    ? 'There is no such character in Unicode.'
    : undefined;
}
