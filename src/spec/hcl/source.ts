import { type Diagnostic, errorAt, type Position, type Range } from '../diagnostic.js';

/** How many characters and bytes of a line stand before each place in it. */
interface Counts {
  readonly characters: Uint32Array;
  readonly bytes: Uint32Array;
}

/** A file's text, with the places in it. */
export class Source {
  readonly text: string;
  readonly #lineStarts: number[] = [0];
  readonly #lineBytes: number[] = [0];
  /** Of lines in which places were asked for. */
  readonly #counts = new Map<number, Counts>();

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
    const counts = this.#counts.get(line) ?? this.#count(line);
    this.#counts.set(line, counts);
    const start = this.#lineStarts[line - 1] ?? 0;
    return {
      line,
      column: 1 + (counts.characters[offset - start] ?? 0),
      offset,
      byte: (this.#lineBytes[line - 1] ?? 0) + (counts.bytes[offset - start] ?? 0),
    };
  }

  #count(line: number): Counts {
    const text = this.text.slice(this.#lineStarts[line - 1], this.#lineStarts[line]);
    const characters = new Uint32Array(text.length + 1);
    const bytes = new Uint32Array(text.length + 1);
    let at = 0;
    let column = 0;
    let byte = 0;
    for (const character of text) {
      // The second half of a character counts as the first.
      characters.fill(column, at, at + character.length);
      bytes.fill(byte, at, at + character.length);
      at += character.length;
      column++;
      byte += Buffer.byteLength(character);
    }
    characters[at] = column;
    bytes[at] = byte;
    return { characters, bytes };
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
