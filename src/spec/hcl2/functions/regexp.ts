import { FunctionError } from './define.js';

const CLASSES: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\p{ASCII}',
  blank: '\\t ',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\s',
  upper: 'A-Z',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
};

/** What may stand behind a backslash in JavaScript besides letters and digits. */
const ESCAPED = '^$\\.*+?()[]{}|/';

/** A pattern in the notation of RE2, as HCL 2 has it. Throws FunctionError. */
export function compile(written: string, argument: number): RegExp {
  const [, flags = '', pattern = ''] = /^(?:\(\?([ims]+)\))?([\s\S]*)$/.exec(written) ?? [];
  try {
    return new RegExp(translate(pattern), `gu${flags}`);
  } catch {
    throw new FunctionError(
      'The pattern is not a regular expression; backslashes in it are written twice',
      argument,
    );
  }
}

const PIECE =
  /\\(?<escaped>[\s\S])|(?<named>\(\?P<)|\[:(?<negated>\^?)(?<kind>\w+):\]|(?<bracket>[[\]])/g;

/** RE2's notation in JavaScript's: named groups, classes, the text's begin and end, needless backslashes. */
function translate(pattern: string): string {
  let inClass = false;
  return pattern.replace(PIECE, (whole, ...rest) => {
    const { escaped, named, negated, kind, bracket } = rest[rest.length - 1];
    if (named !== undefined) return '(?<';
    if (kind !== undefined) return classOf(whole, negated, kind);
    if (bracket !== undefined) {
      inClass = bracket === '[';
      return bracket;
    }
    if (escaped === 'A') return '(?<![\\s\\S])';
    if (escaped === 'z') return '(?![\\s\\S])';
    const needless = !/[\p{L}\p{N}]/u.test(escaped) && !ESCAPED.includes(escaped);
    return needless && !(inClass && escaped === '-') ? escaped : whole;
  });
}

function classOf(whole: string, negated: string, kind: string): string {
  const range = CLASSES[kind];
  return range === undefined || negated !== '' ? whole : range;
}
