import { guess } from '../../volume/guess.js';
import { CommandError } from '../errors.js';
import { FUNCTIONS, show, truthy } from './functions.js';
import type { Node, Pipe, Term } from './parse.js';

interface Scope {
  readonly dot: unknown;
  readonly root: unknown;
}

/** Fills a template in. Throws CommandError where it asks for a field that the data does not have. */
export function render(nodes: readonly Node[], data: unknown): string {
  return renderIn(nodes, { dot: data, root: data });
}

function renderIn(nodes: readonly Node[], scope: Scope): string {
  return nodes.map((node) => renderNode(node, scope)).join('');
}

function renderNode(node: Node, scope: Scope): string {
  if (node.kind === 'text') return node.text;
  const value = evaluate(node.pipe, scope);
  switch (node.kind) {
    case 'print':
      return show(value);
    case 'if':
      return renderIn(truthy(value) ? node.body : node.otherwise, scope);
    case 'with':
      return truthy(value)
        ? renderIn(node.body, { ...scope, dot: value })
        : renderIn(node.otherwise, scope);
    case 'range': {
      if (!truthy(value)) return renderIn(node.otherwise, scope);
      if (typeof value !== 'object' || value === null)
        throw new CommandError(
          `template: range over ${show(value)}, which is neither a list nor a map`,
        );
      return Object.values(value)
        .map((dot: unknown) => renderIn(node.body, { ...scope, dot }))
        .join('');
    }
  }
}

function evaluate(pipe: Pipe, scope: Scope): unknown {
  let value: unknown;
  for (const [at, [first, ...rest]] of pipe.entries()) {
    const piped = at === 0 ? [] : [value];
    if (first?.kind === 'call')
      value = FUNCTIONS[first.name]?.(...rest.map((item) => term(item, scope)), ...piped);
    else if (piped.length > 0)
      throw new CommandError('template: a value is piped into what is not a function');
    else if (first !== undefined) value = term(first, scope);
  }
  return value;
}

function term(item: Term, scope: Scope): unknown {
  switch (item.kind) {
    case 'literal':
      return item.value;
    case 'pipe':
      return evaluate(item.pipe, scope);
    case 'path':
      return item.names.reduce(field, item.from === '$' ? scope.root : scope.dot);
    case 'call':
      return FUNCTIONS[item.name]?.();
  }
}

function field(from: unknown, name: string): unknown {
  if (typeof from !== 'object' || from === null || Array.isArray(from))
    throw new CommandError(`template: .${name} of ${show(from)}, which has no fields`);
  if (Object.hasOwn(from, name)) return (from as Record<string, unknown>)[name];
  const known = Object.keys(from);
  const near = guess(name, known);
  throw new CommandError(
    `template: there is no field .${name}${near === undefined ? `; there are ${known.join(', ')}` : `; did you mean .${near}?`}`,
  );
}
