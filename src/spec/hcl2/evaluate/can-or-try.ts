import { errorAt } from '../../diagnostic.js';
import { attempt, type Scope } from '../scope.js';
import type { Call } from '../syntax/tree.js';
import { UNKNOWN, type Value } from '../value/model.js';
import { BOOL } from '../value/type.js';
import { bool, LOST, unknown } from '../value/value.js';
import type { Evaluate } from './types.js';

/** `can(expression)` and `try(expressions...)`, whose arguments may fail. */
export function canOrTry(call: Call, scope: Scope, evaluate: Evaluate): Value {
  const isCan = call.name.value === 'can';
  const [first, ...more] = call.arguments;
  if (first === undefined || (isCan && more.length > 0) || call.expand) {
    scope.report(
      errorAt(
        call.range,
        isCan ? 'can() takes one argument' : 'try() takes one argument or more',
        'Write expressions that may fail.',
      ),
    );
    return LOST;
  }
  if (isCan) {
    const result = attempt(scope, (inner) => evaluate(first, inner));
    if (result.failed) return bool(false);
    return result.commit().content === UNKNOWN ? unknown(BOOL) : bool(true);
  }
  const failures: string[] = [];
  for (const argument of call.arguments) {
    const result = attempt(scope, (inner) => evaluate(argument, inner));
    if (!result.failed) return result.commit();
    failures.push(...result.diagnostics.map(({ summary, detail }) => `${summary}: ${detail}`));
  }
  scope.report(
    errorAt(call.range, 'None of the expressions in try() has a value', failures.join(' ')),
  );
  return LOST;
}
