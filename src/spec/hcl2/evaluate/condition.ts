import { errorAt, spanning } from '../../diagnostic.js';
import { attempt, type Scope } from '../scope.js';
import type { Condition, Expression } from '../syntax/tree.js';
import { convert, NotConvertible } from '../value/convert.js';
import { type Type, UNKNOWN, type Value } from '../value/model.js';
import { ANY, aType } from '../value/type.js';
import { unify } from '../value/unify.js';
import { LOST, marked, unknown } from '../value/value.js';
import { truthOf } from './truth.js';
import type { Evaluate } from './types.js';

/** `condition ? yes : no`. Both results are brought to one type; the mistakes of the other do not count. */
export function evaluateCondition(node: Condition, scope: Scope, evaluate: Evaluate): Value {
  const yes = attempt(scope, (inner) => evaluate(node.yes, inner));
  const no = attempt(scope, (inner) => evaluate(node.no, inner));
  const type = commonType(yes.value, no.value);
  if (type === undefined) {
    yes.commit();
    no.commit();
    scope.report(
      errorAt(
        spanning(node.yes.range, node.no.range),
        'The two results of this condition do not fit together',
        `One is ${aType(yes.value.type)} and the other ${aType(no.value.type)}. Both must be of one type.`,
      ),
    );
    return LOST;
  }
  const decision = truthOf(evaluate(node.condition, scope), node.condition, scope);
  const chosen = decision.content === true ? yes : no;
  const sensitive = decision.sensitive || yes.value.sensitive || no.value.sensitive;
  if (typeof decision.content !== 'boolean') return marked(unknown(type), sensitive);
  const result = asType(chosen.commit(), type, chosen === yes ? node.yes : node.no, scope);
  return marked(result, sensitive);
}

function asType(value: Value, type: Type, expression: Expression, scope: Scope): Value {
  try {
    return convert(value, type);
  } catch (error) {
    if (!(error instanceof NotConvertible)) throw error;
    scope.report(
      errorAt(expression.range, 'This result does not fit the other one', `${error.message}.`),
    );
    return LOST;
  }
}

function commonType(yes: Value, no: Value): Type | undefined {
  if (isNull(yes)) return no.type;
  if (isNull(no)) return yes.type;
  if (yes.type.kind === 'any' || no.type.kind === 'any') return ANY;
  return unify([yes.type, no.type]);
}

/** `null` as it is written, which has no type of its own. */
function isNull({ type, content }: Value): boolean {
  return type.kind === 'any' && content === null && content !== UNKNOWN;
}
