import { convert, NotConvertible } from '../value/convert.js';
import type { Type } from '../value/model.js';
import { ANY, BOOL, listOf, mapOf, NUMBER, STRING, setOf } from '../value/type.js';
import { LOST } from '../value/value.js';
import { type Func, FunctionError, type Functions } from './define.js';

/** Marks or null pass through; what cannot become the type is a mistake. */
function to(type: Type): Func {
  return {
    parameters: [{ name: 'value', type: ANY, nullable: true, open: true }],
    result: type,
    call: ([value = LOST]) => {
      try {
        return convert(value, type);
      } catch (error) {
        if (!(error instanceof NotConvertible)) throw error;
        throw new FunctionError(`Here ${error.message}`, 0);
      }
    },
  };
}

const SAME: Func = {
  parameters: [{ name: 'value', type: ANY, nullable: true }],
  result: ANY,
  call: ([value = LOST]) => value,
};

export const typeFunctions: Functions = {
  tostring: to(STRING),
  tonumber: to(NUMBER),
  tobool: to(BOOL),
  tolist: to(listOf(ANY)),
  toset: to(setOf(ANY)),
  tomap: to(mapOf(ANY)),
  sensitive: { ...SAME, secrecy: 'hide' },
  nonsensitive: { ...SAME, secrecy: 'show' },
};
