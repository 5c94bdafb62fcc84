import type { Value } from '../value/model.js';
import { Numeral } from '../value/numeral.js';
import { listOf, NUMBER } from '../value/type.js';
import { list, number } from '../value/value.js';
import {
  type Func,
  FunctionError,
  type Functions,
  numberIn,
  numberParameter,
  textIn,
  textParameter,
  wholeIn,
} from './define.js';

/** As many as in HCL 2: a list that is longer is a mistake. */
const MAX_RANGE = 1024;

function change(make: (given: Numeral) => Numeral): Func {
  return {
    parameters: [numberParameter('number')],
    result: NUMBER,
    call: (args) => number(make(numberIn(args, 0))),
  };
}

/** Through JavaScript's numbers, which have 53 binary digits. */
function floating(names: readonly string[], make: (...given: number[]) => number): Func {
  return {
    parameters: names.map(numberParameter),
    result: NUMBER,
    call: (args) => {
      const result = make(...names.map((_, at) => numberIn(args, at).toNumber()));
      const numeral = Number.isFinite(result) ? Numeral.parse(String(result)) : undefined;
      if (numeral === undefined) throw new FunctionError('There is no such number');
      return number(numeral);
    },
  };
}

/** The one of all numbers that `better` prefers to the others. */
function best(better: (a: Numeral, b: Numeral) => boolean): Func {
  return {
    parameters: [],
    rest: numberParameter('numbers'),
    atLeast: 1,
    result: NUMBER,
    call: (args) =>
      number(
        args
          .map((_, at) => numberIn(args, at))
          .reduce((chosen, other) => (better(other, chosen) ? other : chosen)),
      ),
  };
}

const ZERO = Numeral.of(0);
const ONE = Numeral.of(1);

function range(args: readonly Value[]): Value {
  const given = args.map((_, at) => numberIn(args, at));
  const [first = ZERO, second] = given;
  const [start, end] = second === undefined ? [ZERO, first] : [first, second];
  const step = given[2] ?? (end.compare(start) < 0 ? ONE.negated() : ONE);
  const direction = step.compare(ZERO);
  if (direction === 0) throw new FunctionError('The step is 0', 2);
  if (end.compare(start) === -direction)
    throw new FunctionError('The step leads away from the end', 2);
  const items: Numeral[] = [];
  for (let item = start; item.compare(end) === -direction; item = item.plus(step)) {
    if (items.length >= MAX_RANGE) throw new FunctionError(`There are over ${MAX_RANGE} numbers`);
    items.push(item);
  }
  return list(items.map(number), NUMBER);
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function parseInteger(written: string, base: number): bigint {
  const [, sign = '', digits = ''] = /^([+-]?)([0-9a-zA-Z]+)$/.exec(written) ?? [];
  const values = [...digits].map((digit) =>
    DIGITS.indexOf(base <= 36 ? digit.toLowerCase() : digit),
  );
  if (values.length === 0 || values.some((value) => value >= base))
    throw new FunctionError(`The text is no whole number in base ${base}`, 0);
  const whole = values.reduce((sum, value) => sum * BigInt(base) + BigInt(value), 0n);
  return sign === '-' ? -whole : whole;
}

export const numberFunctions: Functions = {
  abs: change((given) => (given.isNegative ? given.negated() : given)),
  ceil: change((given) => given.negated().floor().negated()),
  floor: change((given) => given.floor()),
  signum: change((given) => Numeral.of(given.compare(ZERO))),
  max: best((a, b) => a.compare(b) > 0),
  min: best((a, b) => a.compare(b) < 0),
  pow: floating(['base', 'exponent'], (base, exponent) => base ** exponent),
  log: floating(['number', 'base'], (given, base) => Math.log(given) / Math.log(base)),
  parseint: {
    parameters: [textParameter('string'), numberParameter('base')],
    result: NUMBER,
    call: (args) => {
      const base = wholeIn(args, 1);
      if (base < 2 || base > 62) throw new FunctionError('The base is from 2 to 62', 1);
      return number(parseInteger(textIn(args, 0), base));
    },
  },
  range: {
    parameters: [],
    rest: numberParameter('limits'),
    atLeast: 1,
    result: listOf(NUMBER),
    call: (args) => {
      if (args.length > 3)
        throw new FunctionError('Write range(end), range(start, end) or range(start, end, step)');
      return range(args);
    },
  },
};
