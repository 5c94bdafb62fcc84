import { errorAt } from '../diagnostic.js';
import { evaluateCall } from './evaluate/call.js';
import { evaluateCondition } from './evaluate/condition.js';
import { evaluateFor } from './evaluate/for.js';
import { evaluateObject } from './evaluate/object.js';
import { evaluateBinary, evaluateUnary } from './evaluate/operators.js';
import { getAttribute, getIndex } from './evaluate/select.js';
import { evaluateSplat } from './evaluate/splat.js';
import { evaluateJoin, evaluateTemplate } from './evaluate/template.js';
import { unknownRoot, variable, whole } from './evaluate/variable.js';
import { isNamespace, type Scope } from './scope.js';
import type { Expression, GetAttribute, Index } from './syntax/tree.js';
import type { Value } from './value/model.js';
import { LOST, tuple } from './value/value.js';

/**
 * The value of an expression. Every mistake in it is reported to the scope, and its value is unknown then, so
 * that nothing follows from it.
 */
export function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'group':
      return evaluate(expression.inner, scope);
    case 'variable':
      return whole(expression, scope);
    case 'attribute':
      return attribute(expression, scope);
    case 'index':
      return index(expression, scope);
    case 'each':
      return scope.each ?? LOST;
    case 'tuple':
      return tuple(expression.items.map((item) => evaluate(item, scope)));
    case 'template':
      return evaluateTemplate(expression, scope, evaluate);
    case 'join':
      return evaluateJoin(expression, scope, evaluate);
    case 'splat':
      return evaluateSplat(expression, scope, evaluate);
    case 'call':
      return evaluateCall(expression, scope, evaluate);
    case 'condition':
      return evaluateCondition(expression, scope, evaluate);
    case 'unary':
      return evaluateUnary(expression, scope, evaluate);
    case 'binary':
      return evaluateBinary(expression, scope, evaluate);
    case 'object':
      return evaluateObject(expression, scope, evaluate);
    case 'for':
      return evaluateFor(expression, scope, evaluate);
    case 'broken':
      return LOST;
  }
}

function attribute({ source, name, range }: GetAttribute, scope: Scope): Value {
  if (source.kind === 'variable') {
    const found = scope.names.get(source.name);
    if (found === undefined) return unknownRoot(source, scope);
    if (isNamespace(found)) return variable(found, source.name, name, scope);
  }
  return getAttribute(evaluate(source, scope), name, range, scope);
}

function index({ source, key, place }: Index, scope: Scope): Value {
  const asked = evaluate(key, scope);
  if (source.kind === 'variable' && typeof asked.content === 'string') {
    const found = scope.names.get(source.name);
    const name = { value: asked.content, range: place };
    if (found !== undefined && isNamespace(found)) return variable(found, source.name, name, scope);
  }
  const result = getIndex(evaluate(source, scope), asked);
  if (!('problem' in result)) return result;
  scope.report(errorAt(place, 'There is no such element', result.problem));
  return LOST;
}
