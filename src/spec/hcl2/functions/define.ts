import type { Outside } from '../host.js';
import type { Type, Value } from '../value/model.js';
import { Numeral } from '../value/numeral.js';
import { ANY, NUMBER, STRING } from '../value/type.js';
import { entriesOf, itemsOf } from '../value/value.js';

export interface Parameter {
  readonly name: string;
  readonly type: Type;
  /** It may be null. */
  readonly nullable?: boolean;
  /** What is in it may be unknown or sensitive, and the function carries that on. */
  readonly open?: boolean;
}

/** A function of the language. */
export interface Func {
  readonly parameters: readonly Parameter[];
  /** For all arguments behind the parameters; without it there are none. */
  readonly rest?: Parameter;
  /** How many arguments of `rest` there are at least; none where not given. */
  readonly atLeast?: number;
  /** The type of the result, which is all that is known of it where an argument is unknown. */
  readonly result: Type;
  /** Its failures say what it was asked for. */
  readonly quotes?: true;
  /** It says itself whether the result may be shown, whatever the arguments are. */
  readonly secrecy?: 'hide' | 'show';
  /** Arguments are converted, known, and not null unless their parameter says so. Throws FunctionError. */
  readonly call: (args: readonly Value[], outside: Outside) => Value;
}

export type Functions = Readonly<Record<string, Func>>;

/** A function cannot do what it is asked. The message holds no value, unless the function quotes. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';

  constructor(
    message: string,
    /** The argument that it is about. */
    readonly argument?: number,
  ) {
    super(message);
  }
}

export function textParameter(name: string): Parameter {
  return { name, type: STRING };
}

export function numberParameter(name: string): Parameter {
  return { name, type: NUMBER };
}

/** Takes anything, and leaves what is in it alone. */
export function openParameter(name: string): Parameter {
  return { name, type: ANY, open: true };
}

/** An argument that is text. */
export function textIn(args: readonly Value[], at: number): string {
  return String(args[at]?.content ?? '');
}

/** An argument that is a number. */
export function numberIn(args: readonly Value[], at: number): Numeral {
  const content = args[at]?.content;
  return content instanceof Numeral ? content : Numeral.of(0);
}

/** An argument that must be a whole number, not so large that it could be no count of anything. */
export function wholeIn(args: readonly Value[], at: number): number {
  const whole = numberIn(args, at).integer;
  if (whole === undefined || whole > 2n ** 31n || whole < -(2n ** 31n))
    throw new FunctionError('A whole number is required', at);
  return Number(whole);
}

/** An argument that must be a list, a set or a tuple. */
export function itemsIn(args: readonly Value[], at: number): readonly Value[] {
  const items = args[at] && itemsOf(args[at]);
  if (items === undefined) throw new FunctionError('A list is required', at);
  return items;
}

/** An argument that must be a map or an object. */
export function entriesIn(args: readonly Value[], at: number): ReadonlyMap<string, Value> {
  const entries = args[at] && entriesOf(args[at]);
  if (entries === undefined) throw new FunctionError('A map or an object is required', at);
  return entries;
}
