import type { Source } from '../../hcl/source.js';
import { fromJson } from '../functions/json.js';
import type { Expression } from '../syntax/tree.js';
import { LOST } from '../value/value.js';

const BLANKS = /[\s,:]*/y;
const SCALAR = /"(?:[^"\\]|\\.)*"|[^\s,:[\]{}"]+/y;

/** The values in a text that is known to be JSON, each with its place. */
export function jsonExpression(source: Source): Expression {
  const { text } = source;
  let at = 0;
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  };
  const until = <T>(closing: string, read: () => T): T[] => {
    const found: T[] = [];
    at++;
    for (match(BLANKS); text[at] !== closing; match(BLANKS)) found.push(read());
    at++;
    return found;
  };
  const read = (): Expression => {
    match(BLANKS);
    const start = at;
    const range = () => source.range(start, at);
    if (text[at] === '[') {
      const items = until(']', read);
      return { kind: 'tuple', items, range: range() };
    }
    if (text[at] === '{') {
      const entries = until('}', () => ({ key: read(), value: read() }));
      return { kind: 'object', entries, range: range() };
    }
    const value = fromJson(match(SCALAR)) ?? LOST;
    return { kind: 'literal', value, range: range() };
  };
  return read();
}
