import type { TokenReader } from './reader.js';
import type { Token } from './token.js';

/** What people write that is of another language, and what it is called here. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ["'", 'Text stands in double quotes.'],
  ['`', 'Text stands in double quotes; text of several lines is written <<EOF.'],
  ['“', 'These are typographic quotes: text stands in straight ones, ".'],
  ['”', 'These are typographic quotes: text stands in straight ones, ".'],
  [';', 'Arguments are parted by line ends.'],
  ['&', 'Both conditions must hold: &&.'],
  ['|', 'One of the conditions must hold: ||.'],
  ['\ufeff', 'Save the file as UTF-8 without a byte order mark (BOM).'],
]);

/** Tells what the next token is not, and gives up the item that is being read. */
export function unexpected(reader: TokenReader, summary: string, detail: string): never {
  const token = reader.peek();
  const written = reader.text(token);
  const foreign = token.type === 'illegal' ? FOREIGN.get(written) : undefined;
  if (foreign !== undefined)
    reader.fail(reader.range(token), `"${written}" means nothing here`, foreign);
  if (written === '/' && reader.text(reader.peekSecond()).startsWith('*'))
    reader.fail(
      reader.range(token),
      'This comment is never closed',
      'A comment that begins with "/*" ends with "*/".',
    );
  reader.fail(reader.range(token), summary, `${nameOf(token, written)} ${detail}`.trim());
}

function nameOf(token: Token, written: string): string {
  switch (token.type) {
    case 'end':
      return 'The file ends here.';
    case 'newline':
      return 'The line ends here.';
    case 'open-quote':
      return 'There is a string.';
    case 'close-quote':
      return 'The string ends here.';
    case 'open-heredoc':
      return 'There is a heredoc.';
    case 'close-template':
      return 'The template ends here.';
    default:
      return `There is "${written}".`;
  }
}
