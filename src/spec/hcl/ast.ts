import type { Range } from '../diagnostic.js';

/** What stands between braces, or in a whole file, in the order of the text. */
export interface Body {
  readonly items: readonly Item[];
  readonly range: Range;
  /** False where its end was not found, so that what follows may not belong to it. */
  readonly complete: boolean;
}

export type Item = Attribute | Block;

/** `key = value`. */
export interface Attribute {
  readonly kind: 'attribute';
  readonly key: string;
  readonly keyRange: Range;
  readonly value: Value;
  readonly range: Range;
}

/** `type "label" { … }`. HCL 1 makes no difference between `a { … }` and `a = { … }`: see contentOf. */
export interface Block {
  readonly kind: 'block';
  readonly type: string;
  readonly typeRange: Range;
  readonly labels: readonly Key[];
  readonly body: Body;
  readonly range: Range;
}

export interface Key {
  readonly value: string;
  readonly range: Range;
}

export type Value = StringValue | NumberValue | BoolValue | ListValue | ObjectValue | InvalidValue;

export interface StringValue {
  readonly kind: 'string';
  readonly value: string;
  /** As written, with its quotes; '' for JSON's null. */
  readonly raw: string;
  readonly heredoc: boolean;
  readonly range: Range;
}

export interface NumberValue {
  readonly kind: 'number';
  /** As written: "0777", "1.50". */
  readonly raw: string;
  readonly integer: boolean;
  readonly range: Range;
}

export interface BoolValue {
  readonly kind: 'bool';
  readonly value: boolean;
  readonly raw: string;
  readonly range: Range;
}

export interface ListValue {
  readonly kind: 'list';
  readonly items: readonly Value[];
  readonly range: Range;
}

export interface ObjectValue {
  readonly kind: 'object';
  readonly body: Body;
  readonly range: Range;
}

/** A value that could not be read and was reported: its key counts as given. */
export interface InvalidValue {
  readonly kind: 'invalid';
  readonly range: Range;
}

/** An item's key, and a block's labels behind it. */
export function keysOf(item: Item): readonly [Key, ...Key[]] {
  return item.kind === 'attribute'
    ? [{ value: item.key, range: item.keyRange }]
    : [{ value: item.type, range: item.typeRange }, ...item.labels];
}

/** An item's value; a block's is an object. */
export function contentOf(item: Item): Value {
  return item.kind === 'attribute'
    ? item.value
    : { kind: 'object', body: item.body, range: item.body.range };
}

/** `keys { … }`: a block, with labels or without. */
export function blockOf(keys: readonly [Key, ...Key[]], body: Body, range: Range): Block {
  const [first, ...labels] = keys;
  return { kind: 'block', type: first.value, typeRange: first.range, labels, body, range };
}

/** `key = value`. */
export function attributeOf(key: Key, value: Value, range: Range): Attribute {
  return { kind: 'attribute', key: key.value, keyRange: key.range, value, range };
}

const NAMES: Readonly<Record<Value['kind'], string>> = {
  string: 'a string',
  number: 'a number',
  bool: 'a boolean',
  list: 'a list',
  object: 'a block',
  invalid: 'something unreadable',
};

/** What a value is, for a message. */
export function describe(value: Value): string {
  return NAMES[value.kind];
}
