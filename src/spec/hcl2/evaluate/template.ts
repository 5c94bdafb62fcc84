import { errorAt, type Range } from '../../diagnostic.js';
import type { Scope } from '../scope.js';
import type { Join, Template } from '../syntax/tree.js';
import { convert, NotConvertible } from '../value/convert.js';
import { UNKNOWN, type Value } from '../value/model.js';
import { STRING } from '../value/type.js';
import { itemsOf, marked, text, unknown } from '../value/value.js';
import type { Evaluate } from './types.js';

/** Text with values put in. */
export function evaluateTemplate({ parts }: Template, scope: Scope, evaluate: Evaluate): Value {
  return joined(
    parts.map((part) => [evaluate(part, scope), part.range] as const),
    scope,
  );
}

/** What a `%{ for }` results in, in a row. */
export function evaluateJoin({ results, range }: Join, scope: Scope, evaluate: Evaluate): Value {
  const values = evaluate(results, scope);
  const items = itemsOf(values);
  if (items === undefined) return marked(unknown(STRING), values.sensitive);
  const value = joined(
    items.map((item) => [item, range] as const),
    scope,
  );
  return marked(value, values.sensitive);
}

function joined(parts: ReadonlyArray<readonly [Value, Range]>, scope: Scope): Value {
  const pieces: string[] = [];
  let known = true;
  let sensitive = false;
  for (const [value, range] of parts) {
    const piece = textOf(value, range, scope);
    sensitive ||= value.sensitive;
    if (piece === undefined) known = false;
    else pieces.push(piece);
  }
  return marked(known ? text(pieces.join('')) : unknown(STRING), sensitive);
}

function textOf(value: Value, range: Range, scope: Scope): string | undefined {
  const fail = (reason: string) => {
    scope.report(errorAt(range, 'This value cannot be put into text', `${reason}.`));
    return undefined;
  };
  if (value.content === null) return fail('It is null');
  if (value.content === UNKNOWN && value.type.kind === 'any') return undefined;
  try {
    const { content } = convert(value, STRING);
    return typeof content === 'string' ? content : undefined;
  } catch (error) {
    if (!(error instanceof NotConvertible)) throw error;
    return fail(`Here ${error.message}. jsonencode(…) and join(…) make text of lists and maps`);
  }
}
