import { errorAt } from '../../diagnostic.js';
import { attempt, type Scope } from '../scope.js';
import type { Binary, BinaryOperator, Expression, Unary } from '../syntax/tree.js';
import { convert, NotConvertible } from '../value/convert.js';
import { type Type, UNKNOWN, type Value } from '../value/model.js';
import { Numeral } from '../value/numeral.js';
import { BOOL, NUMBER, sameType } from '../value/type.js';
import { bool, isSensitive, isWhollyKnown, marked, number, same, unknown } from '../value/value.js';
import type { Evaluate } from './types.js';

export function evaluateUnary(node: Unary, scope: Scope, evaluate: Evaluate): Value {
  const type = node.operator === '-' ? NUMBER : BOOL;
  const value = operand(node.operand, evaluate(node.operand, scope), type, node.operator, scope);
  const result =
    value?.content instanceof Numeral
      ? number(value.content.negated())
      : typeof value?.content === 'boolean'
        ? bool(!value.content)
        : unknown(type);
  return marked(result, value?.sensitive ?? false);
}

export function evaluateBinary(node: Binary, scope: Scope, evaluate: Evaluate): Value {
  switch (node.operator) {
    case '&&':
    case '||':
      return logical(node, scope, evaluate);
    case '==':
    case '!=': {
      const left = evaluate(node.left, scope);
      const right = evaluate(node.right, scope);
      const equal = isEqual(left, right);
      const result =
        equal === undefined ? unknown(BOOL) : bool(node.operator === '==' ? equal : !equal);
      return marked(result, isSensitive(left) || isSensitive(right));
    }
    default:
      return arithmetic(node, scope, evaluate);
  }
}

/** The operand as a type; undefined where it is not one, which is reported. */
function operand(
  expression: Expression,
  value: Value,
  type: Type,
  operator: string,
  scope: Scope,
): Value | undefined {
  const fail = (reason: string) => {
    scope.report(
      errorAt(expression.range, `"${operator}" cannot be used with this value`, `${reason}.`),
    );
    return undefined;
  };
  try {
    const converted = convert(value, type);
    return converted.content === null ? fail('The value is null') : converted;
  } catch (error) {
    if (!(error instanceof NotConvertible)) throw error;
    return fail(capital(error.message));
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Undefined where it is not known. */
function isEqual(a: Value, b: Value): boolean | undefined {
  if (a.content === UNKNOWN || b.content === UNKNOWN) return undefined;
  if (a.content === null || b.content === null) return a.content === b.content;
  if (!sameType(a.type, b.type)) return false;
  return isWhollyKnown(a) && isWhollyKnown(b) ? same(a, b) : undefined;
}

/** One side that decides makes what fails inside the other one not count; both must be boolean. */
function logical({ operator, left, right }: Binary, scope: Scope, evaluate: Evaluate): Value {
  const deciding = operator === '||';
  const sides = [left, right].map((expression) => {
    const { value, failed, commit } = attempt(scope, (inner) => evaluate(expression, inner));
    const truth = operand(expression, value, BOOL, operator, scope) ?? unknown(BOOL);
    return { truth, commit, decides: !failed && truth.content === deciding };
  });
  const decided = sides.find(({ decides }) => decides);
  for (const { commit } of decided === undefined ? sides : [decided]) commit();
  const sensitive = sides.some(({ truth }) => truth.sensitive);
  if (decided !== undefined) return marked(bool(deciding), sensitive);
  const known = sides.every(({ truth }) => typeof truth.content === 'boolean');
  return marked(known ? bool(!deciding) : unknown(BOOL), sensitive);
}

type Arithmetic = Exclude<BinaryOperator, '&&' | '||' | '==' | '!='>;

const OPERATIONS: Readonly<
  Record<Arithmetic, (a: Numeral, b: Numeral) => Numeral | boolean | undefined>
> = {
  '+': (a, b) => a.plus(b),
  '-': (a, b) => a.minus(b),
  '*': (a, b) => a.times(b),
  '/': (a, b) => a.over(b),
  '%': (a, b) => a.modulo(b),
  '<': (a, b) => a.compare(b) < 0,
  '<=': (a, b) => a.compare(b) <= 0,
  '>': (a, b) => a.compare(b) > 0,
  '>=': (a, b) => a.compare(b) >= 0,
};

function arithmetic(node: Binary, scope: Scope, evaluate: Evaluate): Value {
  const operator = node.operator as Arithmetic;
  const side = (expression: Expression) =>
    operand(expression, evaluate(expression, scope), NUMBER, operator, scope);
  const left = side(node.left);
  const right = side(node.right);
  const type = /[<>]/.test(operator) ? BOOL : NUMBER;
  const sensitive = left?.sensitive === true || right?.sensitive === true;
  if (!(left?.content instanceof Numeral && right?.content instanceof Numeral))
    return marked(unknown(type), sensitive);
  const result = OPERATIONS[operator](left.content, right.content);
  if (result === undefined) {
    scope.report(errorAt(node.right.range, 'This divides by zero', 'There is no such number.'));
    return unknown(type);
  }
  return marked(typeof result === 'boolean' ? bool(result) : number(result), sensitive);
}
