import { convert, NotConvertible } from '../value/convert.js';
import type { Type, Value } from '../value/model.js';
import { Numeral } from '../value/numeral.js';
import { ANY, BOOL, listOf, NUMBER, STRING } from '../value/type.js';
import { itemsOf, list, text } from '../value/value.js';
import { FunctionError, type Functions, textIn, textParameter } from './define.js';
import { formatNumber, pad } from './format-number.js';
import { parseFormat, type Verb } from './format-verb.js';
import { toJson } from './json.js';

const MODES = 'vtsqdboxXeEfgG';

function format(written: string, args: readonly Value[]): string {
  let next = 1;
  let highest = 0;
  const pieces = parseFormat(written).map((piece) => {
    if (typeof piece === 'string') return piece;
    const at = piece.argument ?? next;
    next = at + 1;
    highest = Math.max(highest, at);
    const value = args[at - 1];
    if (value === undefined)
      throw new FunctionError(`There is no argument ${at} for "${piece.written}"`, 0);
    return formatOne(piece, value, at);
  });
  if (highest < args.length)
    throw new FunctionError('The format does not use this argument', highest + 1);
  return pieces.join('');
}

function formatOne(verb: Verb, value: Value, at: number): string {
  if (!MODES.includes(verb.mode))
    throw new FunctionError(`"%${verb.mode}" is not known; known are ${[...MODES].join(', ')}`, 0);
  const as = (type: Type) => {
    if (value.content === null) throw new FunctionError(`"${verb.written}" cannot write null`, at);
    try {
      return convert(value, type).content;
    } catch (error) {
      if (!(error instanceof NotConvertible)) throw error;
      throw new FunctionError(`"${verb.written}" cannot write this: ${error.message}`, at);
    }
  };
  switch (verb.mode) {
    case 'v':
      return fill(verb, asItIs(verb, value));
    case 't':
      return String(as(BOOL));
    case 's':
      return fill(verb, shortened(verb, String(as(STRING))));
    case 'q':
      return fill(verb, JSON.stringify(shortened(verb, String(as(STRING)))));
    default: {
      const content = as(NUMBER);
      const written = content instanceof Numeral ? formatNumber(verb, content) : undefined;
      if (written === undefined)
        throw new FunctionError(`"${verb.written}" writes whole numbers`, at);
      return written;
    }
  }
}

/** To the verb's width; text is filled with zeros too where they are asked for. */
function fill(verb: Verb, written: string): string {
  return pad(verb, written, verb.flags.includes('0') ? '0' : ' ');
}

function asItIs(verb: Verb, { type, content, sensitive }: Value): string {
  if (verb.flags.includes('#') || content === null) return toJson({ type, content, sensitive });
  if (typeof content === 'string') return content;
  if (content instanceof Numeral)
    return formatNumber({ flags: '', mode: 'g', written: verb.written }, content) ?? '';
  return toJson({ type, content, sensitive });
}

function shortened({ precision = 0 }: Verb, whole: string): string {
  return precision > 0 ? [...whole].slice(0, precision).join('') : whole;
}

/** Once for each element of the lists among the arguments, which are all of one length. */
function formatList(written: string, args: readonly Value[]): Value {
  const lists = args.map(itemsOf);
  const lengths = lists.flatMap((items) => items?.length ?? []);
  const [length = 1] = lengths;
  if (lengths.some((other) => other !== length))
    throw new FunctionError('The lists are of different lengths');
  const results = Array.from({ length }, (_, at) =>
    format(
      written,
      args.map((value, position) => lists[position]?.[at] ?? value),
    ),
  );
  return list(results.map(text), STRING);
}

const REST = { name: 'values', type: ANY, nullable: true } as const;

export const formatFunctions: Functions = {
  format: {
    parameters: [textParameter('format')],
    rest: REST,
    result: STRING,
    call: (args) => text(format(textIn(args, 0), args.slice(1))),
  },
  formatlist: {
    parameters: [textParameter('format')],
    rest: REST,
    result: listOf(STRING),
    call: (args) => formatList(textIn(args, 0), args.slice(1)),
  },
};
