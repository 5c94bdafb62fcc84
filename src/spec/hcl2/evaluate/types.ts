import type { Scope } from '../scope.js';
import type { Expression } from '../syntax/tree.js';
import type { Value } from '../value/model.js';

/** What kinds of expressions get to evaluate what is in them. */
export type Evaluate = (expression: Expression, scope: Scope) => Value;
