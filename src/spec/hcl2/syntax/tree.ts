import type { Range } from '../../diagnostic.js';
import type { Value } from '../value/model.js';

/** A file's content, or what stands between a block's braces. */
export interface Body {
  readonly items: readonly Item[];
  readonly range: Range;
  /** False where its end was not found. */
  readonly complete: boolean;
}

export type Item = Attribute | Block;

export interface Name {
  readonly value: string;
  readonly range: Range;
}

/** `name = expression`. */
export interface Attribute {
  readonly kind: 'attribute';
  readonly name: Name;
  readonly value: Expression;
  readonly range: Range;
}

/** `type "label" { … }`. */
export interface Block {
  readonly kind: 'block';
  readonly type: Name;
  readonly labels: readonly Name[];
  readonly body: Body;
  readonly range: Range;
}

export type Expression =
  | Literal
  | Template
  | Group
  | Variable
  | GetAttribute
  | Index
  | Splat
  | Each
  | Call
  | Condition
  | Unary
  | Binary
  | Tuple
  | ObjectOf
  | For
  | Join
  | Broken;

interface Node<Kind extends string> {
  readonly kind: Kind;
  readonly range: Range;
}

export interface Literal extends Node<'literal'> {
  readonly value: Value;
}

/** Text with expressions in it. */
export interface Template extends Node<'template'> {
  readonly parts: readonly Expression[];
}

/** `(x)`, and `"${x}"`, whose value is that of x whatever its type. */
export interface Group extends Node<'group'> {
  readonly inner: Expression;
}

export interface Variable extends Node<'variable'> {
  readonly name: string;
}

/** `source.name`. */
export interface GetAttribute extends Node<'attribute'> {
  readonly source: Expression;
  readonly name: Name;
}

/** `source[key]`. */
export interface Index extends Node<'index'> {
  readonly source: Expression;
  readonly key: Expression;
  /** The brackets and what is in them. */
  readonly place: Range;
}

/** `source[*].each` and `source.*.each`. */
export interface Splat extends Node<'splat'> {
  readonly source: Expression;
  readonly each: Expression;
}

/** In a splat: the element that it is at. */
export type Each = Node<'each'>;

export interface Call extends Node<'call'> {
  readonly name: Name;
  readonly arguments: readonly Expression[];
  /** The last one is a list of arguments: `f(list...)`. */
  readonly expand: boolean;
}

export interface Condition extends Node<'condition'> {
  readonly condition: Expression;
  readonly yes: Expression;
  readonly no: Expression;
}

export interface Unary extends Node<'unary'> {
  readonly operator: '-' | '!';
  readonly operand: Expression;
}

export interface Binary extends Node<'binary'> {
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}

export type BinaryOperator = (typeof PRECEDENCE)[number][number];

/** What binds least comes first. */
export const PRECEDENCE = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['>', '>=', '<', '<='],
  ['+', '-'],
  ['*', '/', '%'],
] as const;

export interface Tuple extends Node<'tuple'> {
  readonly items: readonly Expression[];
}

export interface ObjectOf extends Node<'object'> {
  readonly entries: ReadonlyArray<{ readonly key: Expression; readonly value: Expression }>;
}

/** `[for name in collection : result]`; with a key a map: `{for key, name in collection : key => result}`. */
export interface For extends Node<'for'> {
  readonly keyName?: string;
  readonly name: string;
  readonly collection: Expression;
  readonly key?: Expression;
  readonly result: Expression;
  readonly condition?: Expression;
  /** Results with the same key are put into a list: `…`. */
  readonly grouped: boolean;
}

/** A template's `%{ for }`: the results in a row. */
export interface Join extends Node<'join'> {
  readonly results: For;
}

/** What could not be read and was reported. */
export type Broken = Node<'broken'>;
