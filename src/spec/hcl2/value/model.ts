import type { Numeral } from './numeral.js';

/** The type of a value in HCL 2. 'any' is that of null as it is written, and of what is not known at all. */
export type Type =
  | { readonly kind: 'string' | 'number' | 'bool' | 'any' }
  | { readonly kind: 'list' | 'set' | 'map'; readonly element: Type }
  | { readonly kind: 'tuple'; readonly elements: readonly Type[] }
  | { readonly kind: 'object'; readonly attributes: ReadonlyMap<string, Attribute> };

export interface Attribute {
  readonly type: Type;
  /** In a variable's type: it need not be given, and is null or the fallback then. */
  readonly optional?: { readonly fallback?: Value };
}

/** What stands for a value that is looked up elsewhere and has not been. */
export const UNKNOWN = Symbol('unknown');

/** A value of HCL 2. Its content fits its type: elements of lists, sets and maps all have the element type. */
export interface Value {
  readonly type: Type;
  readonly content: Content;
  /** It must not be shown. For a list or a map: not even how many elements it has. */
  readonly sensitive: boolean;
}

export type Content =
  | typeof UNKNOWN
  | null
  | string
  | boolean
  | Numeral
  | readonly Value[]
  | ReadonlyMap<string, Value>;
