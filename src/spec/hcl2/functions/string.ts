import { BOOL, listOf, STRING } from '../value/type.js';
import { bool, compareText, list, text } from '../value/value.js';
import {
  type Func,
  FunctionError,
  type Functions,
  itemsIn,
  numberParameter,
  textIn,
  textParameter,
  wholeIn,
} from './define.js';

/** More than this is no text of a specification. */
const MAX_SPACES = 1000;

/** Text from text. */
function change(names: readonly string[], make: (...args: string[]) => string): Func {
  return {
    parameters: names.map(textParameter),
    result: STRING,
    call: (args) => text(make(...names.map((_, at) => textIn(args, at)))),
  };
}

/** A question about two texts. */
function ask(name: string, test: (whole: string, part: string) => boolean): Func {
  return {
    parameters: [textParameter('string'), textParameter(name)],
    result: BOOL,
    call: (args) => bool(test(textIn(args, 0), textIn(args, 1))),
  };
}

/** Characters as people count them. */
function graphemes(whole: string): string[] {
  return [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(whole)].map(
    ({ segment }) => segment,
  );
}

export function countCharacters(whole: string): number {
  return graphemes(whole).length;
}

/** Character by character, so that a text keeps its length: ß has no capital of its own. */
function each(whole: string, make: (character: string) => string): string {
  return [...whole]
    .map((character) => {
      const made = make(character);
      return [...made].length === 1 ? made : character;
    })
    .join('');
}

function eachUpper(whole: string): string {
  return each(whole, (character) => character.toUpperCase());
}

function trimCharacters(whole: string, characters: string): string {
  const cut = new Set(characters);
  const all = [...whole];
  const first = all.findIndex((character) => !cut.has(character));
  const last = all.findLastIndex((character) => !cut.has(character));
  return first < 0 ? '' : all.slice(first, last + 1).join('');
}

function substring(whole: string, offset: number, length: number): string {
  const all = graphemes(whole);
  const start = offset < 0 ? Math.max(0, all.length + offset) : offset;
  return all.slice(start, length < 0 ? undefined : start + length).join('');
}

const LIST: Pick<Func, 'parameters' | 'result'> = {
  parameters: [{ name: 'list', type: listOf(STRING) }],
  result: listOf(STRING),
};

export const stringFunctions: Functions = {
  lower: change(['string'], (whole) => each(whole, (one) => one.toLowerCase())),
  upper: change(['string'], eachUpper),
  title: change(['string'], (whole) =>
    whole.replace(/(?<![\p{L}\p{N}_]|[^\p{ASCII}\s])\p{L}/gu, (letter) => eachUpper(letter)),
  ),
  trimspace: change(['string'], (whole) => whole.trim()),
  trim: change(['string', 'characters'], trimCharacters),
  trimprefix: change(['string', 'prefix'], (whole, prefix) =>
    whole.startsWith(prefix) ? whole.slice(prefix.length) : whole,
  ),
  trimsuffix: change(['string', 'suffix'], (whole, suffix) =>
    suffix !== '' && whole.endsWith(suffix) ? whole.slice(0, -suffix.length) : whole,
  ),
  chomp: change(['string'], (whole) => whole.replace(/[\r\n]+$/, '')),
  strrev: change(['string'], (whole) => graphemes(whole).reverse().join('')),
  startswith: ask('prefix', (whole, prefix) => whole.startsWith(prefix)),
  endswith: ask('suffix', (whole, suffix) => whole.endsWith(suffix)),
  strcontains: ask('part', (whole, part) => whole.includes(part)),
  indent: {
    parameters: [numberParameter('spaces'), textParameter('string')],
    result: STRING,
    call: (args) => {
      const spaces = wholeIn(args, 0);
      if (spaces < 0 || spaces > MAX_SPACES)
        throw new FunctionError(`From 0 to ${MAX_SPACES} spaces can be put in`, 0);
      return text(textIn(args, 1).replaceAll('\n', `\n${' '.repeat(spaces)}`));
    },
  },
  substr: {
    parameters: [textParameter('string'), numberParameter('offset'), numberParameter('length')],
    result: STRING,
    call: (args) => text(substring(textIn(args, 0), wholeIn(args, 1), wholeIn(args, 2))),
  },
  join: {
    parameters: [textParameter('separator')],
    rest: { name: 'lists', type: listOf(STRING) },
    atLeast: 1,
    result: STRING,
    call: (args) => {
      const parts = args.slice(1).flatMap((_, at) => itemsIn(args, at + 1));
      if (parts.some(({ content }) => content === null))
        throw new FunctionError('There is a null in the list', 1);
      return text(parts.map(({ content }) => String(content)).join(textIn(args, 0)));
    },
  },
  split: {
    parameters: [textParameter('separator'), textParameter('string')],
    result: listOf(STRING),
    call: (args) => {
      const [separator, whole] = [textIn(args, 0), textIn(args, 1)];
      const parts = separator === '' ? [...whole] : whole.split(separator);
      return list(parts.map(text), STRING);
    },
  },
  sort: {
    ...LIST,
    call: (args) => {
      const items = itemsIn(args, 0);
      if (items.some(({ content }) => content === null))
        throw new FunctionError('There is a null in the list', 0);
      const sorted = items.map(({ content }) => String(content)).sort(compareText);
      return list(sorted.map(text), STRING);
    },
  },
  compact: {
    ...LIST,
    call: (args) =>
      list(
        itemsIn(args, 0).filter(({ content }) => content !== null && content !== ''),
        STRING,
      ),
  },
};
