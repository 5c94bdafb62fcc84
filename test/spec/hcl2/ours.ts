import type { Diagnostic } from '../../../src/spec/diagnostic.js';
import { Source } from '../../../src/spec/hcl/source.js';
import { evaluate } from '../../../src/spec/hcl2/evaluate.js';
import { FUNCTIONS } from '../../../src/spec/hcl2/functions/index.js';
import type { Host } from '../../../src/spec/hcl2/host.js';
import type { Scope } from '../../../src/spec/hcl2/scope.js';
import { parseExpression } from '../../../src/spec/hcl2/syntax/body.js';
import type { Value } from '../../../src/spec/hcl2/value/model.js';

export interface Result {
  readonly value: Value;
  readonly diagnostics: readonly Diagnostic[];
}

export const NOWHERE: Host = { environment: {}, folder: '/nonexistent', answer: () => undefined };

/** Evaluates a text by itself, with all functions. */
export function evaluateText(text: string, more: Partial<Scope> = {}): Result {
  const { tree, diagnostics } = parseExpression(new Source(text, 'f'));
  const all = [...diagnostics];
  const value = evaluate(tree, {
    names: new Map(),
    functions: FUNCTIONS,
    host: NOWHERE,
    want: () => {},
    report: (diagnostic) => all.push(diagnostic),
    ...more,
  });
  return { value, diagnostics: all };
}
