import { type Diagnostic, errorAt, warningAt } from '../../spec/diagnostic.js';
import { guess } from '../../volume/guess.js';
import type { Json, JsonObject } from './json.js';

/** Takes a mistake. */
export type Report = (diagnostic: Diagnostic) => void;

/** What a message of Mesos's looks like in JSON. */
export type Shape =
  | 'string'
  | 'number'
  | 'boolean'
  /** Of any shape: it is Mesos's own business. */
  | 'any'
  | { readonly words: readonly string[] }
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly fields: Fields };

export type Fields = Readonly<Record<string, Field>>;
export type Field = Shape | { readonly required: Shape };

/**
 * Reports what does not fit. A field that Mesos does not know is ignored by it, which nobody means: it is a warning.
 */
export function checkShape(value: Json, shape: Shape, where: string, report: Report): void {
  if (shape === 'any') return;
  if (typeof shape === 'string') {
    if (value.kind !== shape) report(wrongKind(value, where, `a ${shape}`));
  } else if ('words' in shape) checkWord(value, shape.words, where, report);
  else if ('list' in shape) {
    if (value.kind !== 'list') report(wrongKind(value, where, 'a list'));
    else for (const item of value.items) checkShape(item, shape.list, where, report);
  } else if (value.kind !== 'object') report(wrongKind(value, where, 'an object'));
  else if ('map' in shape)
    for (const { key, value: one } of value.members)
      checkShape(one, shape.map, `${where}["${key}"]`, report);
  else checkFields(value, shape.fields, where, report);
}

function checkFields(value: JsonObject, fields: Fields, where: string, report: Report): void {
  const known = Object.keys(fields);
  for (const { key, keyRange, value: one } of value.members) {
    const field = fields[key];
    if (field !== undefined) checkShape(one, shapeOf(field), key, report);
    else
      report(
        warningAt(
          keyRange,
          `Mesos does not know "${key}" here, and ignores it`,
          `Known in ${where} are ${known.join(', ')}.`,
          guess(key, known),
        ),
      );
  }
  for (const [key, field] of Object.entries(fields))
    if (isRequired(field) && member(value, key) === undefined)
      report(errorAt(value.range, `"${key}" is missing in ${where}`, 'Mesos refuses it without.'));
}

function isRequired(field: Field): field is { readonly required: Shape } {
  return typeof field === 'object' && 'required' in field;
}

function shapeOf(field: Field): Shape {
  return isRequired(field) ? field.required : field;
}

function checkWord(value: Json, words: readonly string[], where: string, report: Report): void {
  if (value.kind !== 'string') report(wrongKind(value, where, 'a string'));
  else if (!words.includes(value.value))
    report(
      errorAt(
        value.range,
        `"${value.value}" is no value for "${where}"`,
        `Expected one of ${words.join(', ')}.`,
        guess(value.value, words),
      ),
    );
}

function wrongKind(value: Json, where: string, expected: string): Diagnostic {
  const found =
    value.kind === 'null' ? 'null' : `${value.kind === 'object' ? 'an' : 'a'} ${value.kind}`;
  return errorAt(value.range, `"${where}" is ${found}`, `Expected ${expected}.`);
}

/** A member of an object by its key; of several the last, as Mesos takes it. */
export function member(value: Json | undefined, key: string): Json | undefined {
  return value?.kind === 'object'
    ? value.members.findLast((one) => one.key === key)?.value
    : undefined;
}

/** The same along a path. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  return path.reduce(member, value);
}

/** The text of a string; undefined where it is none. */
export function textOf(value: Json | undefined): string | undefined {
  return value?.kind === 'string' ? value.value : undefined;
}

export function itemsOf(value: Json | undefined): readonly Json[] {
  return value?.kind === 'list' ? value.items : [];
}

/** The same without places. */
export function plain(value: Json): unknown {
  switch (value.kind) {
    case 'object':
      return Object.fromEntries(value.members.map(({ key, value: one }) => [key, plain(one)]));
    case 'list':
      return value.items.map(plain);
    case 'null':
      return null;
    default:
      return value.value;
  }
}
