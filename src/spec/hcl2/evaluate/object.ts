import { errorAt } from '../../diagnostic.js';
import type { Scope } from '../scope.js';
import type { Expression, ObjectOf } from '../syntax/tree.js';
import { convert, NotConvertible } from '../value/convert.js';
import type { Value } from '../value/model.js';
import { STRING } from '../value/type.js';
import { LOST, marked, object, text } from '../value/value.js';
import type { Evaluate } from './types.js';

/** `{ key = value }`. Where a key is not known nothing is known of the object. */
export function evaluateObject({ entries }: ObjectOf, scope: Scope, evaluate: Evaluate): Value {
  const found = new Map<string, Value>();
  let known = true;
  let sensitive = false;
  for (const entry of entries) {
    const key = readKey(entry.key, scope, evaluate);
    const value = evaluate(entry.value, scope);
    sensitive ||= key?.sensitive ?? false;
    if (typeof key?.content !== 'string') known = false;
    else found.set(key.content, value);
  }
  return marked(known ? object(found) : LOST, sensitive);
}

function readKey(key: Expression, scope: Scope, evaluate: Evaluate): Value | undefined {
  const word = plainWord(key);
  if (word !== undefined) return text(word);
  if (key.kind === 'attribute' || key.kind === 'index') {
    scope.report(
      errorAt(
        key.range,
        'This key could mean two things',
        'A name with dots stands in quotes; a reference stands in parentheses: (var.name) = value.',
      ),
    );
    return undefined;
  }
  return keyOf(evaluate(key, scope), key, scope);
}

/** A bare word is a key and no reference, also where it is null, true or false. */
function plainWord(key: Expression): string | undefined {
  if (key.kind === 'variable') return key.name;
  if (key.kind !== 'literal') return undefined;
  const { content } = key.value;
  return content === null || typeof content === 'boolean' ? String(content) : undefined;
}

/** A value as a key; undefined where it cannot be one, which is reported. */
export function keyOf(value: Value, expression: Expression, scope: Scope): Value | undefined {
  const fail = (reason: string) => {
    scope.report(errorAt(expression.range, 'This cannot be a key', `${reason}.`));
    return undefined;
  };
  if (value.content === null) return fail('The value is null');
  try {
    return convert(value, STRING);
  } catch (error) {
    if (!(error instanceof NotConvertible)) throw error;
    return fail(`A key is text: ${error.message}`);
  }
}
