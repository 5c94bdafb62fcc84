import { guess } from '../../../volume/guess.js';
import { errorAt } from '../../diagnostic.js';
import { bareWord } from '../../hcl/illegal.js';
import { isNamespace, type Namespace, type Scope } from '../scope.js';
import type { Name, Variable } from '../syntax/tree.js';
import type { Value } from '../value/model.js';
import { LOST, object } from '../value/value.js';

/** A name by itself: a value, or all that stands under it. */
export function whole(node: Variable, scope: Scope): Value {
  const found = scope.names.get(node.name);
  if (found === undefined) return unknownName(node, scope, ...bareWord(node.name));
  if (!isNamespace(found)) return found;
  return object(found.names().map((key) => [key, found.get(key) ?? LOST] as const));
}

/** The name that a reference begins with, which means nothing. */
export function unknownRoot(node: Variable, scope: Scope): Value {
  return unknownName(node, scope, `${node.name} means nothing here`, 'Text stands in quotes.');
}

function unknownName(
  { name, range }: Variable,
  scope: Scope,
  summary: string,
  advice: string,
): Value {
  const names = [...scope.names.keys()];
  scope.report(errorAt(range, summary, `${advice} ${known(names)}`, guess(name, names)));
  return LOST;
}

function known(names: readonly string[]): string {
  return names.length === 0
    ? 'Nothing can be referred to here.'
    : `What can be referred to here is ${names.join(', ')}.`;
}

/** One of the values under a name: `var.size`. */
export function variable(space: Namespace, root: string, name: Name, scope: Scope): Value {
  const value = space.get(name.value);
  if (value !== undefined) return value;
  const names = space.names();
  scope.report(
    errorAt(
      name.range,
      `There is no ${space.noun} "${name.value}"`,
      names.length === 0
        ? `This file has none. ${DECLARE[root] ?? ''}`.trim()
        : `Known ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}.`,
      guess(name.value, names),
    ),
  );
  return LOST;
}

const DECLARE: Readonly<Record<string, string>> = {
  var: 'Declare it: variable "name" { }.',
  local: 'Write: locals { name = value }.',
  count: 'There is count.index, where the block has count.',
  each: 'There are each.key and each.value, where the block has for_each.',
};
