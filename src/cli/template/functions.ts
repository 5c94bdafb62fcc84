import { CommandError } from '../errors.js';
import { toJson } from '../json.js';

/** The functions of Go's templates that are here, and `json`. */
export const FUNCTIONS: Readonly<Record<string, (...values: readonly unknown[]) => unknown>> = {
  and: (...values) => values.find((value) => !truthy(value)) ?? values.at(-1),
  eq: (first, ...others) => others.some((other) => show(other) === show(first)),
  index: (from, ...keys) => keys.reduce(entry, from),
  json: (value) => toJson(value, 0),
  len: (value) => length(value),
  ne: (first, second) => show(first) !== show(second),
  not: (value) => !truthy(value),
  or: (...values) => values.find(truthy) ?? values.at(-1),
  printf: (format, ...values) => printf(String(format), values),
};

/** False, 0, "", nothing, and what is empty are false, as in Go's templates. */
export function truthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** A value as Go prints it: `[a b]`, `map[key:value]`, `<no value>`. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`;
  if (typeof value === 'object')
    return `map[${Object.entries(value)
      .map(([key, entry]) => `${key}:${show(entry)}`)
      .sort()
      .join(' ')}]`;
  return String(value);
}

function entry(from: unknown, key: unknown): unknown {
  if (Array.isArray(from)) {
    const at = Number(key);
    if (!Number.isInteger(at) || at < 0 || at >= from.length)
      throw new CommandError(`template: index ${show(key)} of a list of ${from.length}`);
    return from[at];
  }
  if (typeof from === 'object' && from !== null) {
    const name = String(key);
    return Object.hasOwn(from, name) ? (from as Record<string, unknown>)[name] : '';
  }
  throw new CommandError(`template: index of ${show(from)}, which is neither a list nor a map`);
}

function length(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  throw new CommandError(`template: len of ${show(value)}, which has no length`);
}

/** The verbs %v %s %d %q %t %f, with `-`, `0`, width and precision. */
function printf(format: string, values: readonly unknown[]): string {
  const rest = [...values];
  const text = format.replace(
    /%([-0]*)(\d*)(?:\.(\d+))?([\s\S])/g,
    (_, flags: string, wide: string, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%';
      if (rest.length === 0) return `%!${verb}(MISSING)`;
      const shown = verbs(verb, rest.shift(), precision);
      if (flags.includes('-')) return shown.padEnd(Number(wide));
      return shown.padStart(Number(wide), flags.includes('0') ? '0' : ' ');
    },
  );
  return rest.length === 0 ? text : `${text}%!(EXTRA ${rest.map(show).join(', ')})`;
}

function verbs(verb: string, value: unknown, precision: string | undefined): string {
  switch (verb) {
    case 'v':
    case 's':
    case 't':
      return precision === undefined ? show(value) : show(value).slice(0, Number(precision));
    case 'q':
      return JSON.stringify(show(value));
    case 'd':
      return /^-?\d+$/.test(show(value)) ? show(value) : `%!d(${show(value)})`;
    case 'f':
      return Number(value).toFixed(precision === undefined ? 6 : Number(precision));
    default:
      throw new CommandError(`template: printf has no %${verb}; there are %v %s %d %q %t %f`);
  }
}
