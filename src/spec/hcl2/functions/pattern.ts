import type { Type, Value } from '../value/model.js';
import { ANY, STRING } from '../value/type.js';
import { list, nullOf, object, text, tuple } from '../value/value.js';
import { FunctionError, type Functions, textIn, textParameter } from './define.js';
import { compile } from './regexp.js';

/** What a match is: the text, a list of what its groups found, or an object of what its named groups found. */
function matched(match: RegExpMatchArray): Value {
  const groupOf = (found: string | undefined) =>
    found === undefined ? nullOf(STRING) : text(found);
  if (match.groups !== undefined)
    return object(Object.entries(match.groups).map(([name, found]) => [name, groupOf(found)]));
  return match.length > 1 ? tuple(match.slice(1).map(groupOf)) : text(match[0]);
}

/** The type of a match: that of one of nothing, which any pattern has with an alternative to it. */
function matchType(pattern: RegExp): Type {
  const nothing = new RegExp(`${pattern.source}|`, pattern.flags.replace('g', '')).exec('');
  return nothing === null ? STRING : matched(nothing).type;
}

/** `/pattern/` is a regular expression, anything else is what is looked for. */
function replace(whole: string, what: string, by: string): string {
  const [, pattern] = /^\/([\s\S]+)\/$/.exec(what) ?? [];
  if (pattern === undefined) return whole.replaceAll(what, () => by);
  const pieces: string[] = [];
  let at = 0;
  for (const match of whole.matchAll(compile(pattern, 1))) {
    pieces.push(whole.slice(at, match.index), expand(by, match));
    at = match.index + match[0].length;
  }
  return pieces.join('') + whole.slice(at);
}

/** `$1`, `${1}` and `${name}` are what groups found, and `$$` is the sign itself. */
function expand(by: string, match: RegExpExecArray): string {
  return by.replace(/\$(?:(\$)|\{(\w+)\}|(\w+))/g, (_, sign, inBraces, plain) => {
    if (sign !== undefined) return sign;
    const name = inBraces ?? plain;
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? '';
  });
}

export const patternFunctions: Functions = {
  regex: {
    parameters: [textParameter('pattern'), textParameter('string')],
    result: ANY,
    call: (args) => {
      const [match] = textIn(args, 1).matchAll(compile(textIn(args, 0), 0));
      if (match === undefined)
        throw new FunctionError('Nothing in the string fits the pattern; try can(regex(…))', 1);
      return matched(match);
    },
  },
  regexall: {
    parameters: [textParameter('pattern'), textParameter('string')],
    result: ANY,
    call: (args) => {
      const pattern = compile(textIn(args, 0), 0);
      const found = [...textIn(args, 1).matchAll(pattern)].map(matched);
      return list(found, found[0]?.type ?? matchType(pattern));
    },
  },
  replace: {
    parameters: [textParameter('string'), textParameter('what'), textParameter('by')],
    result: STRING,
    call: (args) => text(replace(textIn(args, 0), textIn(args, 1), textIn(args, 2))),
  },
};
