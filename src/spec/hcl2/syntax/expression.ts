import { type Range, spanning } from '../../diagnostic.js';
import { Numeral } from '../value/numeral.js';
import { ANY } from '../value/type.js';
import { bool, nullOf, number } from '../value/value.js';
import { LIST_FOR, MAP_FOR, readForNames } from './for-names.js';
import type { TokenReader } from './reader.js';
import { readText } from './template.js';
import type { Token, TokenType } from './token.js';
import {
  type Binary,
  type BinaryOperator,
  type Expression,
  type For,
  type Name,
  type ObjectOf,
  PRECEDENCE,
} from './tree.js';
import { unexpected } from './unexpected.js';

/** Reads an expression. Throws Unreadable behind a mistake that was reported. */
export function readExpression(reader: TokenReader): Expression {
  return reader.nested(() => readCondition(reader));
}

function readCondition(reader: TokenReader): Expression {
  const condition = readBinary(reader, 0);
  if (!reader.takeIf('?')) return condition;
  const yes = readExpression(reader);
  if (!reader.takeIf(':'))
    unexpected(reader, 'A condition needs two results', 'Write: condition ? one : other.');
  const no = readExpression(reader);
  return { kind: 'condition', condition, yes, no, range: spanning(condition.range, no.range) };
}

function readBinary(reader: TokenReader, level: number): Expression {
  const operators = PRECEDENCE[level];
  if (operators === undefined) return readSteps(reader, readTerm(reader));
  let left = readBinary(reader, level + 1);
  for (let steps = 0; ; steps++) {
    reader.countStep(steps);
    const { type } = reader.peek();
    const operator = operators.find((candidate) => candidate === type) as
      | BinaryOperator
      | undefined;
    if (operator === undefined) return left;
    reader.take();
    const right = readBinary(reader, level + 1);
    const joined: Binary = {
      kind: 'binary',
      operator,
      left,
      right,
      range: spanning(left.range, right.range),
    };
    left = joined;
  }
}

function readTerm(reader: TokenReader): Expression {
  const start = reader.peek();
  switch (start.type) {
    case '(': {
      reader.take();
      const inner = reader.inside('(', false, () => {
        const expression = readExpression(reader);
        close(reader, ')', start);
        return expression;
      });
      return { kind: 'group', inner, range: reader.rangeFrom(start) };
    }
    case 'number':
      return readNumber(reader);
    case 'word':
      return readWord(reader);
    case 'open-quote':
    case 'open-heredoc':
      return readText(reader, readExpression);
    case '-':
    case '!': {
      const operator = start.type;
      reader.take();
      const operand = reader.nested(() => readSteps(reader, readTerm(reader)));
      return { kind: 'unary', operator, operand, range: reader.rangeFrom(start) };
    }
    case '[':
      reader.take();
      return reader.inside('[', false, () => readTuple(reader, start));
    case '{':
      return readBraces(reader);
    default:
      return unexpected(reader, 'A value is missing here', 'Write a value or an expression.');
  }
}

function readNumber(reader: TokenReader): Expression {
  const token = reader.take();
  const range = reader.range(token);
  const written = reader.text(token);
  const value = Numeral.parse(written);
  if (value === undefined)
    reader.fail(
      range,
      `${written} is not a number that can be used`,
      'Numbers are written 10, 1.5 or 1e3; write anything else as text in quotes.',
    );
  return { kind: 'literal', value: number(value), range };
}

function readWord(reader: TokenReader): Expression {
  const token = reader.take();
  const range = reader.range(token);
  const name = reader.text(token);
  if (reader.is('(', '::')) return readCall(reader, token);
  if (name === 'true' || name === 'false')
    return { kind: 'literal', value: bool(name === 'true'), range };
  if (name === 'null') return { kind: 'literal', value: nullOf(ANY), range };
  return { kind: 'variable', name, range };
}

function readCall(reader: TokenReader, first: Token): Expression {
  while (reader.takeIf('::'))
    if (!reader.takeIf('word')) unexpected(reader, 'The name of a function is missing here', '');
  const range = reader.rangeFrom(first);
  const name: Name = {
    value: reader.text({ ...first, end: range.end.offset }).replace(/\s/g, ''),
    range,
  };
  const open = reader.peek();
  if (!reader.takeIf('('))
    unexpected(reader, 'A function is called with parentheses', `Write: ${name.value}(…).`);
  return reader.inside('(', false, () => {
    const args: Expression[] = [];
    let expand = false;
    while (!reader.is(')')) {
      args.push(readExpression(reader));
      expand = reader.takeIf('...');
      if (expand || !reader.takeIf(',')) break;
    }
    close(reader, ')', open, expand ? 'Behind "..." stands nothing more.' : undefined);
    return { kind: 'call', name, arguments: args, expand, range: reader.rangeFrom(first) };
  });
}

function readTuple(reader: TokenReader, open: Token): Expression {
  if (reader.isWord('for')) return readFor(reader, open, ']');
  const items: Expression[] = [];
  while (!reader.is(']')) {
    items.push(readExpression(reader));
    if (!reader.takeIf(',')) break;
  }
  close(reader, ']', open);
  return { kind: 'tuple', items, range: reader.rangeFrom(open) };
}

function readBraces(reader: TokenReader): Expression {
  const open = reader.take();
  const isFor = reader.inside('{', false, () => reader.isWord('for'));
  return isFor
    ? reader.inside('{', false, () => readFor(reader, open, '}'))
    : reader.inside('{', true, () => readObject(reader, open));
}

function readObject(reader: TokenReader, open: Token): Expression {
  const entries: ObjectOf['entries'][number][] = [];
  for (;;) {
    while (reader.takeIf('newline'));
    if (reader.is('}')) break;
    const key = readExpression(reader);
    if (!reader.takeIf('=') && !reader.takeIf(':'))
      unexpected(
        reader,
        'A value for this key is missing',
        'Write: key = value. A key with a dot or a blank in it stands in quotes.',
      );
    entries.push({ key, value: readExpression(reader) });
    if (!reader.takeIf(',') && !reader.is('newline')) break;
  }
  close(reader, '}', open);
  return { kind: 'object', entries, range: reader.rangeFrom(open) };
}

function readFor(reader: TokenReader, open: Token, closing: ']' | '}'): For {
  reader.take();
  const names = readForNames(reader, FOR_EXAMPLE[closing]);
  const collection = readExpression(reader);
  if (!reader.takeIf(':'))
    unexpected(reader, 'The result of this "for" is missing', FOR_EXAMPLE[closing]);
  const first = readExpression(reader);
  const arrow = reader.peek();
  const second = reader.takeIf('=>') ? readExpression(reader) : undefined;
  const dots = reader.peek();
  const grouped = reader.takeIf('...');
  let condition: Expression | undefined;
  if (reader.isWord('if')) {
    reader.take();
    condition = readExpression(reader);
  }
  close(reader, closing, open);
  checkShape(reader, closing, second && reader.range(arrow), grouped && reader.range(dots), first);
  return {
    kind: 'for',
    ...names,
    collection,
    ...(second === undefined ? { result: first } : { key: first, result: second }),
    ...(condition && { condition }),
    grouped,
    range: reader.rangeFrom(open),
  };
}

const FOR_EXAMPLE = { ']': LIST_FOR, '}': MAP_FOR } as const;

function checkShape(
  reader: TokenReader,
  closing: ']' | '}',
  arrow: Range | undefined,
  dots: Range | false,
  first: Expression,
): void {
  if (closing === '}' && arrow === undefined)
    reader.report(first.range, 'A "for" in braces needs keys', FOR_EXAMPLE['}']);
  if (closing === ']' && arrow !== undefined)
    reader.report(
      arrow,
      'A "for" in brackets has no keys',
      'Put it into braces, or leave "=>" out.',
    );
  if (closing === ']' && dots !== false)
    reader.report(dots, 'Only a "for" in braces groups', 'Leave "..." out.');
}

/** What follows a term: `.name`, `[key]`, `.*` and `[*]`. */
function readSteps(reader: TokenReader, term: Expression): Expression {
  let source = term;
  for (let steps = 0; ; steps++) {
    reader.countStep(steps);
    const start = reader.peek();
    if (start.type === '.') source = readDot(reader, source);
    else if (start.type === '[') source = readIndex(reader, source);
    else return source;
  }
}

function readDot(reader: TokenReader, source: Expression): Expression {
  const dot = reader.take();
  if (reader.is('*')) {
    reader.take();
    let each: Expression = { kind: 'each', range: reader.rangeFrom(dot) };
    while (reader.is('.')) each = readStep(reader, reader.take(), each);
    return { kind: 'splat', source, each, range: spanning(source.range, each.range) };
  }
  return readStep(reader, dot, source);
}

function readStep(reader: TokenReader, dot: Token, source: Expression): Expression {
  const token = reader.peek();
  if (token.type === 'word') {
    reader.take();
    const name: Name = { value: reader.text(token), range: reader.range(token) };
    return { kind: 'attribute', source, name, range: spanning(source.range, name.range) };
  }
  if (token.type !== 'number')
    unexpected(reader, 'The name of an attribute is missing here', 'It stands behind the dot.');
  const written = reader.text(token);
  if (written.includes('.'))
    reader.fail(
      reader.range(token),
      'Two indices in a row need brackets',
      `Write: ${written
        .split('.')
        .map((index) => `[${index}]`)
        .join('')}.`,
    );
  const key = readNumber(reader);
  const place = reader.rangeFrom(dot);
  return { kind: 'index', source, key, place, range: spanning(source.range, place) };
}

function readIndex(reader: TokenReader, source: Expression): Expression {
  const open = reader.take();
  if (reader.is('*')) {
    reader.take();
    close(reader, ']', open);
    const each = readSteps(reader, { kind: 'each', range: reader.rangeFrom(open) });
    return { kind: 'splat', source, each, range: spanning(source.range, each.range) };
  }
  return reader.inside('[', false, () => {
    const key = readExpression(reader);
    close(reader, ']', open);
    const place = reader.rangeFrom(open);
    return { kind: 'index', source, key, place, range: spanning(source.range, place) };
  });
}

/** Takes a closing bracket. */
function close(reader: TokenReader, bracket: TokenType, open: Token, more?: string): void {
  if (reader.takeIf(bracket)) return;
  if (reader.is('end'))
    reader.fail(
      reader.range(open),
      `This "${reader.text(open)}" is never closed`,
      `The file ends without the matching "${bracket}".`,
    );
  const expected =
    bracket === '}' ? 'a comma, a new line' : bracket === ')' || bracket === ']' ? 'a comma' : '';
  unexpected(
    reader,
    `"${bracket}" or ${expected} is expected here`,
    more ?? `It belongs to the "${reader.text(open)}" in line ${reader.range(open).start.line}.`,
  );
}
