import type { Value } from '../value/model.js';
import { Numeral } from '../value/numeral.js';
import { ANY } from '../value/type.js';
import { bool, entriesOf, itemsOf, nullOf, number, object, text, tuple } from '../value/value.js';

/** A value as JSON, with all digits of its numbers. Keys are in order, as in all maps. */
export function toJson(value: Value): string {
  const { content } = value;
  if (content === null) return 'null';
  if (content instanceof Numeral || typeof content === 'boolean') return String(content);
  if (typeof content === 'string') return quoted(content);
  const items = itemsOf(value);
  if (items !== undefined) return `[${items.map(toJson).join(',')}]`;
  const entries = [...(entriesOf(value) ?? [])];
  return `{${entries.map(([key, item]) => `${quoted(key)}:${toJson(item)}`).join(',')}}`;
}

/** As Go writes it: what means something in HTML is escaped too. */
function quoted(content: string): string {
  return JSON.stringify(content).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** JSON.parse, whose reviver learns how a number was written. */
const parse = JSON.parse as (
  written: string,
  revive: (key: string, parsed: unknown, context: { readonly source: string }) => unknown,
) => unknown;

/** A value from JSON; undefined where the text is none. Numbers keep all their digits. */
export function fromJson(written: string): Value | undefined {
  try {
    const read = parse(written, (_, parsed, { source }) =>
      typeof parsed === 'number' ? Numeral.parse(source) : parsed,
    );
    return fromRead(read);
  } catch {
    return undefined;
  }
}

function fromRead(read: unknown): Value {
  if (read === null) return nullOf(ANY);
  if (typeof read === 'string') return text(read);
  if (typeof read === 'boolean') return bool(read);
  if (read instanceof Numeral) return number(read);
  if (Array.isArray(read)) return tuple(read.map(fromRead));
  return object(Object.entries(read as object).map(([key, item]) => [key, fromRead(item)]));
}
