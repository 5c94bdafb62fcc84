import { type Diagnostic, errorAt, type Position, type Range } from '../diagnostic.js';

/** A file's text, with the places in it. */
export class Source {
  readonly text: string;
  readonly #lineStarts: number[] = [0];
  readonly #lineBytes: number[] = [0];
  /** Places are asked for from front to back: columns are counted on from the last one. */
  #last: Position = { line: 1, column: 1, offset: 0, byte: 0 };

  constructor(
    text: string,
    readonly file: string,
  ) {
    this.text = text;
    let start = 0;
    let bytes = 0;
    for (const match of text.matchAll(/\r\n|\n|\r/g)) {
      const end = match.index + match[0].length;
      bytes += Buffer.byteLength(text.slice(start, end));
      this.#lineStarts.push(end);
      this.#lineBytes.push(bytes);
      start = end;
    }
  }

  range(start: number, end: number): Range {
    return { file: this.file, start: this.position(start), end: this.position(end) };
  }

  position(offset: number): Position {
    const line = this.lineAt(offset);
    const start: Position = {
      line,
      column: 1,
      offset: this.#lineStarts[line - 1] ?? 0,
      byte: this.#lineBytes[line - 1] ?? 0,
    };
    const from = this.#last.line === line && this.#last.offset <= offset ? this.#last : start;
    let { column, byte } = from;
    for (let at = from.offset; at < offset; column++) {
      const character = String.fromCodePoint(this.text.codePointAt(at) ?? 0);
      byte += Buffer.byteLength(character);
      at += character.length;
    }
    this.#last = { line, column, offset, byte };
    return this.#last;
  }

  /** The number, from 1, of the line that holds an offset. */
  lineAt(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }
}

/** The text of a file, and what is wrong with it as text: bad UTF-8, a byte order mark. */
export function decode(
  given: string | Uint8Array,
  file: string,
): { source: Source; diagnostics: Diagnostic[] } {
  const text =
    typeof given === 'string' ? given : new TextDecoder('utf-8', { ignoreBOM: true }).decode(given);
  const source = new Source(text, file);
  const diagnostics: Diagnostic[] = [];
  if (text.startsWith('\ufeff'))
    diagnostics.push(
      errorAt(
        source.range(0, 1),
        'The file begins with a byte order mark',
        'Save it as UTF-8 without a byte order mark (BOM): Nomad refuses one.',
      ),
    );
  const reserved = text.search(/[\0\ue123]/);
  if (reserved >= 0)
    diagnostics.push(
      errorAt(
        source.range(reserved, reserved + 1),
        'A character that no specification may hold',
        "A zero byte and U+E123 are refused by Nomad's reader; is this file text?",
      ),
    );
  const bad = typeof given === 'string' ? undefined : firstBadCharacter(given, text);
  if (bad !== undefined)
    diagnostics.push(
      errorAt(
        source.range(bad, bad + 1),
        'This is not UTF-8',
        'Save the file as UTF-8. Nomad refuses other bytes even in a comment.',
      ),
    );
  return { source, diagnostics };
}

/** Where the decoder had to put a replacement character, in UTF-16 units. */
function firstBadCharacter(bytes: Uint8Array, text: string): number | undefined {
  let at = 0;
  let offset = 0;
  for (const character of text) {
    if (
      character === '\ufffd' &&
      !(bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd)
    )
      return offset;
    at += Buffer.byteLength(character);
    offset += character.length;
  }
  return undefined;
}
