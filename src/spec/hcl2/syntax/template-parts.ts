import { type Range, spanning } from '../../diagnostic.js';
import { text } from '../value/value.js';
import type { TokenReader } from './reader.js';
import type { Expression, For, Template } from './tree.js';

export interface TextPart {
  readonly kind: 'text';
  text: string;
  readonly range: Range;
}

/** A template's pieces in a row, before directives are put around what they hold. */
export type Part =
  | TextPart
  | { readonly kind: 'expression'; readonly expression: Expression; readonly range: Range }
  | { readonly kind: 'if'; readonly condition: Expression; readonly range: Range }
  | (Pick<For, 'keyName' | 'name' | 'collection'> & {
      readonly kind: 'for';
      readonly range: Range;
    })
  | { readonly kind: 'else' | 'endif' | 'endfor'; readonly range: Range };

/** Puts what stands between directives into them. Throws Unreadable where they are not balanced. */
export function nestParts(reader: TokenReader, parts: readonly Part[]): Expression[] {
  const rest = [...parts].reverse();
  const expressions = take(reader, rest, undefined);
  const stray = rest.at(-1);
  if (stray !== undefined)
    reader.fail(
      stray.range,
      `"${stray.kind}" without a beginning`,
      stray.kind === 'endfor' ? 'It ends a %{ for }.' : 'It belongs to an %{ if }.',
    );
  return expressions;
}

/** From the end of `rest`, up to a directive that ends or parts something, which stays; or to the end, where nothing is open. */
function take(
  reader: TokenReader,
  rest: Part[],
  open: { readonly range: Range; readonly ends: string } | undefined,
): Expression[] {
  const expressions: Expression[] = [];
  for (;;) {
    const part = rest.at(-1);
    if (part === undefined) {
      if (open === undefined) return expressions;
      reader.fail(open.range, 'This directive is never ended', `It ends with %{ ${open.ends} }.`);
    }
    switch (part.kind) {
      case 'text':
        expressions.push({ kind: 'literal', value: text(part.text), range: part.range });
        rest.pop();
        break;
      case 'expression':
        expressions.push(part.expression);
        rest.pop();
        break;
      case 'if':
        expressions.push(reader.nested(() => takeIf(reader, rest, part)));
        break;
      case 'for':
        expressions.push(reader.nested(() => takeFor(reader, rest, part)));
        break;
      default:
        return expressions;
    }
  }
}

function takeIf(
  reader: TokenReader,
  rest: Part[],
  part: Part & { readonly kind: 'if' },
): Expression {
  const open = { range: part.range, ends: 'endif' };
  rest.pop();
  const yes = templateOf(take(reader, rest, open), part.range);
  let no = templateOf([], part.range);
  if (rest.at(-1)?.kind === 'else') {
    rest.pop();
    no = templateOf(take(reader, rest, open), part.range);
  }
  const end = takeEnd(reader, rest, open);
  const range = spanning(part.range, end);
  return { kind: 'condition', condition: part.condition, yes, no, range };
}

function takeFor(
  reader: TokenReader,
  rest: Part[],
  part: Part & { readonly kind: 'for' },
): Expression {
  const open = { range: part.range, ends: 'endfor' };
  rest.pop();
  const result = templateOf(take(reader, rest, open), part.range);
  const range = spanning(part.range, takeEnd(reader, rest, open));
  const { kind, keyName, name, collection } = part;
  const results: For = {
    kind,
    ...(keyName === undefined ? {} : { keyName }),
    name,
    collection,
    result,
    grouped: false,
    range,
  };
  return { kind: 'join', results, range };
}

function takeEnd(
  reader: TokenReader,
  rest: Part[],
  { range, ends }: { readonly range: Range; readonly ends: string },
): Range {
  const end = rest.pop();
  if (end?.kind !== ends)
    reader.fail(
      end?.range ?? range,
      `"${end?.kind}" cannot stand here`,
      `What began in line ${range.start.line} ends with %{ ${ends} }.`,
    );
  return end.range;
}

function templateOf(parts: readonly Expression[], range: Range): Template {
  const [first = { range }] = parts;
  return { kind: 'template', parts, range: first.range };
}
