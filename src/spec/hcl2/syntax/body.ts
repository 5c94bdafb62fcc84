import { type Diagnostic, type Range, spanning } from '../../diagnostic.js';
import type { Source } from '../../hcl/source.js';
import { readEscapes } from './escapes.js';
import { readExpression } from './expression.js';
import { TokenReader, Unreadable } from './reader.js';
import type { Token } from './token.js';
import type { Attribute, Block, Body, Expression, Item, Name } from './tree.js';
import { unexpected } from './unexpected.js';

export interface Parsed<T> {
  readonly tree: T;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads a text as HCL 2, with all its mistakes. Never throws. */
export function parseBody(source: Source): Parsed<Body> {
  const reader = new TokenReader(source);
  const items = readItems(reader, undefined);
  const range = source.range(0, source.text.length);
  return { tree: { items, range, complete: true }, diagnostics: reader.diagnostics };
}

/** Reads a text that is one expression. */
export function parseExpression(source: Source): Parsed<Expression> {
  const reader = new TokenReader(source);
  try {
    const tree = reader.inside('(', false, () => {
      const expression = readExpression(reader);
      if (!reader.is('end')) unexpected(reader, 'There is more behind the value', '');
      return expression;
    });
    return { tree, diagnostics: reader.diagnostics };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const range = source.range(0, source.text.length);
    return { tree: { kind: 'broken', range }, diagnostics: reader.diagnostics };
  }
}

/** Up to the brace that closes the block, which is not taken, or to the end. */
function readItems(reader: TokenReader, block: Token | undefined): Item[] {
  const items: Item[] = [];
  const names = new Map<string, Name>();
  for (;;) {
    while (reader.takeIf('newline'));
    if (reader.is('end') || (block !== undefined && reader.is('}'))) return items;
    const item = attempt(reader, () => readItem(reader));
    if (item === undefined) continue;
    if (item.kind === 'attribute') tellRepeated(reader, names, item);
    items.push(item);
  }
}

/** Behind a mistake it goes on with the next item. */
function attempt<T>(reader: TokenReader, read: () => T): T | undefined {
  const { depth } = reader;
  const start = reader.peek();
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    // A brace that closes nothing would be met for ever.
    if (reader.peek() === start) reader.take();
    reader.recover(depth);
    return undefined;
  }
}

function tellRepeated(reader: TokenReader, names: Map<string, Name>, { name }: Attribute): void {
  const before = names.get(name.value);
  if (before === undefined) names.set(name.value, name);
  else
    reader.report(
      name.range,
      `"${name.value}" is set twice`,
      `It is set in line ${before.range.start.line} already. Keep one of them.`,
    );
}

function readItem(reader: TokenReader): Item {
  const first = reader.peek();
  if (first.type === 'open-quote')
    reader.fail(
      reader.range(first),
      'The name of an argument stands without quotes',
      'Write: name = value. Quoted names are for the keys of objects: parameters = { "a.b" = 1 }.',
    );
  if (first.type !== 'word')
    unexpected(reader, 'An argument or a block is expected here', 'Write: name = value.');
  const name: Name = { value: reader.text(first), range: reader.range(first) };
  reader.take();
  if (!reader.is('=', '{', 'open-quote', 'word'))
    unexpected(
      reader,
      `A value or a block for "${name.value}" is missing`,
      `Write: ${name.value} = value, or ${name.value} { … }.`,
    );
  const item = reader.is('=') ? readAttribute(reader, name) : readBlock(reader, name);
  endLine(reader, item.kind);
  return item;
}

function endLine(reader: TokenReader, kind: Item['kind']): void {
  if (reader.takeIf('newline') || reader.is('end')) return;
  unexpected(
    reader,
    'A new line is expected here',
    kind === 'attribute'
      ? 'Each argument stands on a line of its own, without a comma.'
      : 'What follows a block stands on a line of its own.',
  );
}

function readAttribute(reader: TokenReader, name: Name): Attribute {
  reader.take();
  const value = readExpression(reader);
  return { kind: 'attribute', name, value, range: spanning(name.range, value.range) };
}

function readBlock(reader: TokenReader, type: Name): Block {
  const labels: Name[] = [];
  while (!reader.is('{')) labels.push(readLabel(reader));
  const open = reader.take();
  const oneLine = !reader.is('newline', '}', 'end');
  const items = reader.inside('{', true, () =>
    oneLine ? [readOnly(reader)] : reader.nested(() => readItems(reader, open)),
  );
  const complete = reader.takeIf('}');
  if (!complete) neverClosed(reader, open);
  const range = reader.rangeFrom(open);
  const body: Body = { items, range, complete };
  return { kind: 'block', type, labels, body, range: spanning(type.range, range) };
}

function neverClosed(reader: TokenReader, open: Token): void {
  if (!reader.is('end'))
    unexpected(
      reader,
      'A block on one line holds one argument',
      'Put the brace, and each argument, on a line of its own.',
    );
  reader.report(
    reader.range(open),
    'This block is never closed',
    'The file ends without the matching "}".',
  );
}

/** The one argument of a block on one line. */
function readOnly(reader: TokenReader): Attribute {
  const first = reader.peek();
  const name: Name = { value: reader.text(first), range: reader.range(first) };
  if (first.type === 'open-quote' || !reader.takeIf('word') || !reader.is('='))
    unexpected(
      reader,
      'A block on one line holds one argument',
      'Put what is in the block on lines of its own, each argument and each inner block on one.',
    );
  return readAttribute(reader, name);
}

function readLabel(reader: TokenReader): Name {
  const token = reader.peek();
  if (token.type === 'word') {
    reader.take();
    return { value: reader.text(token), range: reader.range(token) };
  }
  if (token.type !== 'open-quote')
    unexpected(
      reader,
      'A block needs braces',
      'Behind its labels stands "{", on the same line; "=" is for arguments.',
    );
  return reader.inside('open-quote', true, () => readQuotedLabel(reader, token));
}

function readQuotedLabel(reader: TokenReader, open: Token): Name {
  reader.take();
  let value = '';
  while (!reader.takeIf('close-quote')) {
    const token = reader.peek();
    const range: Range = reader.range(token);
    if (token.type === 'interpolation' || token.type === 'directive')
      reader.fail(
        range,
        'Nothing is put into a label',
        'A label stands as it is. Give a volume its id and name with arguments: id = "…".',
      );
    if (token.type !== 'quoted-text')
      reader.fail(reader.range(open), 'This label is never closed', 'It ends with a double quote.');
    reader.take();
    const { text, bad } = readEscapes(reader.text(token));
    for (const { problem } of bad) reader.report(range, 'This label cannot be read', problem);
    value += text;
  }
  return { value, range: reader.rangeFrom(open) };
}
