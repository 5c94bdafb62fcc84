import { guess } from '../../../volume/guess.js';
import { errorAt, type Range } from '../../diagnostic.js';
import { type Func, FunctionError, type Parameter } from '../functions/define.js';
import type { Scope } from '../scope.js';
import type { Call } from '../syntax/tree.js';
import { convert, NotConvertible } from '../value/convert.js';
import { UNKNOWN, type Value } from '../value/model.js';
import {
  bare,
  isSensitive,
  isWhollyKnown,
  itemsOf,
  LOST,
  marked,
  unknown,
} from '../value/value.js';
import { canOrTry } from './can-or-try.js';
import type { Evaluate } from './types.js';

interface Argument {
  readonly value: Value;
  readonly range: Range;
}

export function evaluateCall(call: Call, scope: Scope, evaluate: Evaluate): Value {
  if (call.name.value === 'can' || call.name.value === 'try')
    return canOrTry(call, scope, evaluate);
  const func = scope.functions.get(call.name.value);
  if (func === undefined) {
    const names = [...scope.functions.keys()];
    scope.report(
      errorAt(
        call.name.range,
        `There is no function "${call.name.value}"`,
        names.length === 0
          ? 'Functions cannot be called here.'
          : 'docs/reference/hcl2.md lists the functions.',
        guess(call.name.value, names),
      ),
    );
    return LOST;
  }
  const given = argumentsOf(call, scope, evaluate);
  if (given === undefined || !countFits(call, func, given, scope)) return LOST;
  return run(call, func, given, scope);
}

/** The arguments, the last one's elements among them where it is expanded; undefined where that is not possible. */
function argumentsOf(call: Call, scope: Scope, evaluate: Evaluate): Argument[] | undefined {
  const given = call.arguments.map((argument) => ({
    value: evaluate(argument, scope),
    range: argument.range,
  }));
  if (!call.expand) return given;
  const last = given.pop();
  if (last === undefined || last.value.content === UNKNOWN) return undefined;
  const items = itemsOf(last.value);
  if (items === undefined) {
    scope.report(errorAt(last.range, 'Only a list can be expanded', '"..." stands behind a list.'));
    return undefined;
  }
  const { sensitive } = last.value;
  return [
    ...given,
    ...items.map((item) => ({ value: marked(item, sensitive), range: last.range })),
  ];
}

function countFits(call: Call, func: Func, given: readonly Argument[], scope: Scope): boolean {
  const { parameters, rest } = func;
  const extra = rest === undefined ? given[parameters.length] : undefined;
  const wanted = [...parameters, ...Array<Parameter | undefined>(func.atLeast ?? 0).fill(rest)];
  const missing = wanted[given.length];
  if (extra === undefined && missing === undefined) return true;
  scope.report(
    errorAt(
      extra?.range ?? call.range,
      extra === undefined
        ? `The argument "${missing?.name}" is missing`
        : 'There are too many arguments',
      `Write: ${usage(call.name.value, func)}.`,
    ),
  );
  return false;
}

/** `join(separator, lists...)`. */
export function usage(name: string, { parameters, rest }: Func): string {
  const names = parameters.map((parameter) => parameter.name);
  return `${name}(${[...names, ...(rest === undefined ? [] : [`${rest.name}...`])].join(', ')})`;
}

function run(call: Call, func: Func, given: readonly Argument[], scope: Scope): Value {
  const args: Value[] = [];
  for (const [at, argument] of given.entries()) {
    const parameter = func.parameters[at] ?? func.rest;
    const value = parameter && fit(call, parameter, argument, scope);
    if (value === undefined) return LOST;
    args.push(value);
  }
  const closed = args.map((value, at) => {
    const open = (func.parameters[at] ?? func.rest)?.open === true;
    return { value, open };
  });
  const sensitive = closed.some(({ value, open }) => (open ? value.sensitive : isSensitive(value)));
  const known = closed.every(({ value, open }) =>
    open ? value.content !== UNKNOWN : isWhollyKnown(value),
  );
  const plain = closed.map(({ value, open }) =>
    open ? { ...value, sensitive: false } : bare(value),
  );
  try {
    const result = known ? func.call(plain, scope) : unknown(func.result);
    if (func.secrecy === 'show') return result;
    return marked(result, sensitive || func.secrecy === 'hide');
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    const place = error.argument === undefined ? call.range : given[error.argument]?.range;
    const why =
      sensitive && func.quotes === true
        ? 'What it is asked for is sensitive, and nothing more is told of it'
        : error.message;
    scope.report(errorAt(place ?? call.range, `${call.name.value}() cannot do this`, `${why}.`));
    return LOST;
  }
}

function fit(
  call: Call,
  parameter: Parameter,
  { value, range }: Argument,
  scope: Scope,
): Value | undefined {
  const fail = (reason: string) => {
    scope.report(
      errorAt(
        range,
        `The argument "${parameter.name}" of ${call.name.value}() does not fit`,
        `${reason}.`,
      ),
    );
    return undefined;
  };
  try {
    const converted = convert(value, parameter.type);
    return converted.content === null && parameter.nullable !== true
      ? fail('It is null')
      : converted;
  } catch (error) {
    if (!(error instanceof NotConvertible)) throw error;
    return fail(`Here ${error.message}`);
  }
}
