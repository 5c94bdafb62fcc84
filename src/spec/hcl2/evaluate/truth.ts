import { errorAt } from '../../diagnostic.js';
import type { Scope } from '../scope.js';
import type { Expression } from '../syntax/tree.js';
import { convert, NotConvertible } from '../value/convert.js';
import type { Value } from '../value/model.js';
import { BOOL } from '../value/type.js';
import { unknown } from '../value/value.js';

/** A condition's value as a boolean; unknown where it is none, which is reported. */
export function truthOf(value: Value, condition: Expression, scope: Scope): Value {
  const fail = (reason: string) => {
    scope.report(errorAt(condition.range, 'A condition is true or false', `${reason}.`));
    return unknown(BOOL);
  };
  if (value.content === null) return fail('This value is null');
  try {
    return convert(value, BOOL);
  } catch (error) {
    if (!(error instanceof NotConvertible)) throw error;
    return fail(`Here ${error.message}`);
  }
}
