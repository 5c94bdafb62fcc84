import { errorAt } from '../../diagnostic.js';
import { evaluate } from '../evaluate.js';
import type { Namespace, Scope } from '../scope.js';
import type { Attribute, Block } from '../syntax/tree.js';
import type { Value } from '../value/model.js';
import { LOST } from '../value/value.js';

/** `local`: each value is worked out once, when it is first asked for, so that they may stand in any order. */
export function readLocals(blocks: readonly Block[], scopeOf: () => Scope): Namespace {
  const attributes = new Map<string, Attribute>();
  const values = new Map<string, Value>();
  const asked = new Set<string>();
  for (const block of blocks)
    for (const item of block.body.items) {
      const name = item.kind === 'attribute' ? item.name : item.type;
      const before = attributes.get(name.value);
      if (item.kind === 'block')
        scopeOf().report(
          errorAt(name.range, 'There are no blocks in locals', 'Write: name = value.'),
        );
      else if (before === undefined) attributes.set(name.value, item);
      else
        scopeOf().report(
          errorAt(
            name.range,
            `"${name.value}" is set twice in locals`,
            `It is set in line ${before.range.start.line} already. Keep one of them.`,
          ),
        );
    }
  const work = (attribute: Attribute): Value => {
    const { name, value } = attribute;
    if (asked.has(name.value)) {
      scopeOf().report(
        errorAt(
          name.range,
          `local.${name.value} depends on itself`,
          `What it depends on comes back to it: ${[...asked, name.value].join(', ')}.`,
        ),
      );
      return LOST;
    }
    asked.add(name.value);
    const result = evaluate(value, scopeOf());
    asked.delete(name.value);
    return result;
  };
  return {
    noun: 'local value',
    names: () => [...attributes.keys()],
    get: (name) => {
      const attribute = attributes.get(name);
      if (attribute === undefined) return undefined;
      const known = values.get(name) ?? work(attribute);
      values.set(name, known);
      return known;
    },
  };
}
