import { guess } from '../../../volume/guess.js';
import { type Range, spanning } from '../../diagnostic.js';
import { text } from '../value/value.js';
import { readEscapes } from './escapes.js';
import { LIST_FOR, readForNames } from './for-names.js';
import type { TokenReader } from './reader.js';
import { nestParts, type Part, type TextPart } from './template-parts.js';
import type { Token } from './token.js';
import type { Expression } from './tree.js';
import { unexpected } from './unexpected.js';

type ReadExpression = (reader: TokenReader) => Expression;

/** Reads a string or a heredoc: text, with sequences in it. */
export function readText(reader: TokenReader, read: ReadExpression): Expression {
  const open = reader.take();
  const parts = reader.inside(open.type, true, () => readParts(reader, open, read));
  if (reader.text(open).startsWith('<<-')) unindent(parts);
  const range = reader.rangeFrom(open);
  const [first, second] = parts;
  if (first?.kind === 'expression' && second === undefined)
    return { kind: 'group', inner: first.expression, range };
  if (parts.every((part) => part.kind === 'text'))
    return { kind: 'literal', value: text(parts.map((part) => part.text).join('')), range };
  return { kind: 'template', parts: nestParts(reader, parts), range };
}

function readParts(reader: TokenReader, open: Token, read: ReadExpression): Part[] {
  const closing = open.type === 'open-quote' ? 'close-quote' : 'close-heredoc';
  const parts: Part[] = [];
  let trimNext = false;
  for (;;) {
    const token = reader.peek();
    if (reader.takeIf(closing)) return parts;
    const before = parts[parts.length - 1];
    switch (token.type) {
      case 'quoted-text':
      case 'heredoc-text': {
        const part = readPiece(reader);
        if (trimNext) part.text = part.text.trimStart();
        parts.push(part);
        trimNext = false;
        break;
      }
      case 'interpolation':
      case 'directive': {
        if (reader.text(token).endsWith('~') && before?.kind === 'text')
          before.text = before.text.trimEnd();
        const readOne = token.type === 'directive' ? readDirective : readInterpolation;
        parts.push(reader.inside(token.type, false, () => readOne(reader, read)));
        trimNext = reader.text(reader.last()).startsWith('~');
        break;
      }
      default:
        neverClosed(reader, open);
    }
  }
}

function neverClosed(reader: TokenReader, open: Token): never {
  const marker = reader.text(open).replace(/^<<-?|\s+$/g, '');
  if (open.type === 'open-heredoc')
    reader.fail(
      reader.range(open),
      'This heredoc is never closed',
      `It ends with ${marker} on a line of its own, which ends with a line break.`,
    );
  if (!reader.is('newline', 'end'))
    unexpected(reader, 'This cannot stand in a string', 'A backslash is written twice.');
  reader.fail(
    reader.range(open),
    'This string is never closed',
    'A string ends with a double quote on the same line; for more lines use a heredoc: <<EOF.',
  );
}

function readPiece(reader: TokenReader): TextPart {
  const token = reader.take();
  const written = reader.text(token);
  if (token.type === 'heredoc-text')
    return {
      kind: 'text',
      text: written.replace(/(\$\$|%%)\{/g, (doubled) => doubled.slice(1)),
      range: reader.range(token),
    };
  const { text: plain, bad } = readEscapes(written);
  for (const { problem, start, end } of bad)
    reader.report(
      reader.range({ ...token, start: token.start + start, end: token.start + end }),
      `"${written.slice(start, end)}" is not an escape`,
      problem,
    );
  return { kind: 'text', text: plain, range: reader.range(token) };
}

function readInterpolation(reader: TokenReader, read: ReadExpression): Part {
  const open = reader.take();
  const expression = read(reader);
  closeSequence(reader, open);
  return { kind: 'expression', expression, range: reader.rangeFrom(open) };
}

const WORDS = ['if', 'else', 'endif', 'for', 'endfor'];

function readDirective(reader: TokenReader, read: ReadExpression): Part {
  const open = reader.take();
  const word = reader.peek();
  const name = reader.text(word);
  const finish = <P extends object>(part: P): P & { readonly range: Range } => {
    closeSequence(reader, open);
    return { ...part, range: reader.rangeFrom(open) };
  };
  if (word.type === 'word' && WORDS.includes(name)) reader.take();
  switch (name) {
    case 'if':
      return finish({ kind: 'if', condition: read(reader) } as const);
    case 'for': {
      const names = readForNames(reader, LIST_FOR.replace(/[[\]]/g, ''));
      return finish({ kind: 'for', ...names, collection: read(reader) } as const);
    }
    case 'else':
    case 'endif':
    case 'endfor':
      return finish({ kind: name } as const);
    default:
      reader.fail(
        spanning(reader.range(open), reader.range(word)),
        'This directive is not known',
        `Known are ${WORDS.join(', ')}. A percent sign before a brace that is meant as text is doubled: %%{.`,
        guess(name, WORDS),
      );
  }
}

function closeSequence(reader: TokenReader, open: Token): void {
  if (reader.takeIf('close-template')) return;
  const sign = reader.text(open).slice(0, 1);
  unexpected(
    reader,
    `The end of this "${sign}{" is missing`,
    `"}" is expected here. If "${sign}{" is meant as text, double the sign: ${sign}${sign}{.`,
  );
}

/** Takes the indent that all lines share, counting those that are not blank, as they are written. */
function unindent(parts: readonly Part[]): void {
  let shared = Number.POSITIVE_INFINITY;
  let begins = true;
  const lines: TextPart[] = [];
  for (const part of parts) {
    const plain = part.kind === 'text' ? part.text : '';
    if (begins) {
      const rest = plain.trimStart();
      const blank = rest === '' && plain.endsWith('\n');
      if (!blank) {
        shared = Math.min(shared, plain.length - rest.length);
        if (part.kind === 'text') lines.push(part);
      }
    }
    begins = plain.endsWith('\n');
  }
  for (const line of lines) line.text = line.text.slice(shared);
}
