import type { Diagnostic } from '../diagnostic.js';
import type { Func } from './functions/define.js';
import type { Outside, Reference } from './host.js';
import type { Value } from './value/model.js';

/** Values under a name that are worked out when they are asked for: `var.x`, `local.x`. */
export interface Namespace {
  /** What one of them is called, for messages. */
  readonly noun: string;
  get(name: string): Value | undefined;
  names(): readonly string[];
}

/** What an expression can refer to, and where its mistakes go. */
export interface Scope extends Outside {
  readonly names: ReadonlyMap<string, Value | Namespace>;
  readonly functions: ReadonlyMap<string, Func>;
  readonly report: (diagnostic: Diagnostic) => void;
  /** The element that a splat is at. */
  readonly each?: Value;
}

export function isNamespace(found: Value | Namespace): found is Namespace {
  return 'get' in found;
}

/** The scope with more names in it. */
export function withNames(
  scope: Scope,
  names: Iterable<readonly [string, Value | Namespace]>,
): Scope {
  return { ...scope, names: new Map([...scope.names, ...names]) };
}

export interface Attempt {
  readonly value: Value;
  readonly failed: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** Makes what was reported and asked for count, and answers the value. */
  commit(): Value;
}

/** Evaluates something that may turn out not to be needed: mistakes and references in it do not count before. */
export function attempt(scope: Scope, run: (inner: Scope) => Value): Attempt {
  const diagnostics: Diagnostic[] = [];
  const references: Reference[] = [];
  const value = run({
    ...scope,
    report: (diagnostic) => diagnostics.push(diagnostic),
    want: (reference) => references.push(reference),
  });
  return {
    value,
    diagnostics,
    failed: diagnostics.some(({ severity }) => severity === 'error'),
    commit: () => {
      references.forEach(scope.want);
      diagnostics.forEach(scope.report);
      return value;
    },
  };
}
