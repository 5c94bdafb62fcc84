import { guess } from '../../volume/guess.js';
import { errorAt } from '../diagnostic.js';
import { evaluate } from './evaluate.js';
import type { Scope } from './scope.js';
import type { Call, Expression, ObjectOf } from './syntax/tree.js';
import { convert, NotConvertible } from './value/convert.js';
import type { Attribute, Type, Value } from './value/model.js';
import { ANY, BOOL, listOf, mapOf, NUMBER, STRING, setOf } from './value/type.js';

const SIMPLE: ReadonlyMap<string, Type> = new Map([
  ['string', STRING],
  ['number', NUMBER],
  ['bool', BOOL],
  ['any', ANY],
  ['list', listOf(ANY)],
  ['set', setOf(ANY)],
  ['map', mapOf(ANY)],
]);
const COLLECTIONS = { list: listOf, set: setOf, map: mapOf } as const;
const KNOWN =
  'Types are string, number, bool, any, list(T), set(T), map(T), tuple([T, …]) and object({ name = T, … }).';

/** The type that an expression such as `list(string)` names; undefined where it names none, which is reported. */
export function readType(expression: Expression, scope: Scope): Type | undefined {
  if (expression.kind === 'variable') {
    const type = SIMPLE.get(expression.name);
    return type ?? unknownType(expression, expression.name, scope);
  }
  if (expression.kind === 'call') return readConstructor(expression, scope);
  if (expression.kind === 'broken') return undefined;
  const quoted = expression.kind === 'literal' ? expression.value.content : undefined;
  return typeof quoted === 'string'
    ? fail(expression, scope, `A type stands without quotes: type = ${quoted}.`)
    : fail(expression, scope, KNOWN);
}

function readConstructor(call: Call, scope: Scope): Type | undefined {
  const [argument, more] = call.arguments;
  const { value: name } = call.name;
  if (argument === undefined || more !== undefined || call.expand)
    return fail(call, scope, `${name}(…) takes one argument. ${KNOWN}`);
  if (name === 'list' || name === 'set' || name === 'map') {
    const element = readType(argument, scope);
    return element && COLLECTIONS[name](element);
  }
  if (name === 'tuple' && argument.kind === 'tuple') {
    const elements = argument.items.flatMap((item) => readType(item, scope) ?? []);
    return elements.length === argument.items.length ? { kind: 'tuple', elements } : undefined;
  }
  if (name === 'object' && argument.kind === 'object') return readObject(argument, scope);
  if (name === 'optional')
    return fail(call, scope, 'Only an attribute of an object(…) can be optional.');
  return name === 'tuple' || name === 'object'
    ? fail(argument, scope, KNOWN)
    : unknownType(call, name, scope);
}

function readObject({ entries }: ObjectOf, scope: Scope): Type | undefined {
  const attributes = new Map<string, Attribute>();
  for (const { key, value } of entries) {
    const name = key.kind === 'variable' ? key.name : textOf(key);
    if (name === undefined) return fail(key, scope, 'An attribute has a name: name = string.');
    const attribute = readAttribute(value, scope);
    if (attribute === undefined) return undefined;
    attributes.set(name, attribute);
  }
  return { kind: 'object', attributes };
}

function textOf(expression: Expression): string | undefined {
  const content = expression.kind === 'literal' ? expression.value.content : undefined;
  return typeof content === 'string' ? content : undefined;
}

/** A type, or `optional(type)` and `optional(type, default)`. */
function readAttribute(expression: Expression, scope: Scope): Attribute | undefined {
  if (expression.kind !== 'call' || expression.name.value !== 'optional') {
    const type = readType(expression, scope);
    return type && { type };
  }
  const [argument, fallback, more] = expression.arguments;
  if (argument === undefined || more !== undefined)
    return fail(expression, scope, 'Write: optional(type) or optional(type, default).');
  const type = readType(argument, scope);
  if (type === undefined) return undefined;
  if (fallback === undefined) return { type, optional: {} };
  const value = readDefault(fallback, type, scope);
  return value && { type, optional: { fallback: value } };
}

function readDefault(expression: Expression, type: Type, scope: Scope): Value | undefined {
  try {
    return convert(evaluate(expression, scope), type);
  } catch (error) {
    if (!(error instanceof NotConvertible)) throw error;
    scope.report(
      errorAt(expression.range, 'The default is not of its type', `Here ${error.message}.`),
    );
    return undefined;
  }
}

function unknownType(expression: Expression, name: string, scope: Scope): undefined {
  const names = [...SIMPLE.keys(), 'tuple', 'object'];
  scope.report(errorAt(expression.range, `There is no type "${name}"`, KNOWN, guess(name, names)));
  return undefined;
}

function fail(expression: Expression, scope: Scope, detail: string): undefined {
  scope.report(errorAt(expression.range, 'This is no type', detail));
  return undefined;
}
