import { guess } from '../../../volume/guess.js';
import { errorAt, type Range } from '../../diagnostic.js';
import { evaluate } from '../evaluate.js';
import type { Scope } from '../scope.js';
import type { Attribute, Block, Expression, Name } from '../syntax/tree.js';
import { readType } from '../type-expression.js';
import { convert, NotConvertible } from '../value/convert.js';
import type { Type, Value } from '../value/model.js';
import { ANY } from '../value/type.js';

/** `variable "name" { … }`. */
export interface Declaration {
  readonly name: Name;
  /** Undefined where the block names none: any value is taken, and text where one is given outside a file. */
  readonly type?: Type;
  readonly fallback?: { readonly value: Value; readonly range: Range };
  readonly sensitive: boolean;
  readonly validations: readonly Validation[];
}

export interface Validation {
  readonly condition: Expression;
  readonly message: Expression;
}

const ARGUMENTS = ['type', 'default', 'description', 'sensitive'];
const EXAMPLE = 'Write: variable "name" { type = string }, each argument on a line of its own.';

/** The variables of a file. A default may call functions, and refer to nothing. */
export function readDeclarations(
  blocks: readonly Block[],
  scope: Scope,
): ReadonlyMap<string, Declaration> {
  const found = new Map<string, Declaration>();
  for (const block of blocks) {
    const declaration = readDeclaration(block, scope);
    if (declaration === undefined) continue;
    const before = found.get(declaration.name.value);
    if (before === undefined) found.set(declaration.name.value, declaration);
    else
      scope.report(
        errorAt(
          declaration.name.range,
          `The variable "${declaration.name.value}" is declared twice`,
          `It is declared in line ${before.name.range.start.line} already. Keep one of them.`,
        ),
      );
  }
  return found;
}

function readDeclaration(block: Block, scope: Scope): Declaration | undefined {
  const [name, more] = block.labels;
  if (name === undefined || more !== undefined) {
    scope.report(
      errorAt(
        more?.range ?? block.type.range,
        name === undefined ? 'This variable has no name' : 'A variable has one name',
        EXAMPLE,
      ),
    );
    return undefined;
  }
  const { attributes, blocks } = readItems(block, scope);
  const typeGiven = attributes.get('type');
  const type = typeGiven && (readType(typeGiven.value, scope) ?? ANY);
  const fallback = readFallback(name, attributes.get('default'), type ?? ANY, scope);
  return {
    name,
    ...(type && { type }),
    ...(fallback && { fallback }),
    sensitive: isSensitive(attributes.get('sensitive'), scope),
    validations: blocks.flatMap((validation) => readValidation(validation, scope) ?? []),
  };
}

function readItems(block: Block, scope: Scope) {
  const attributes = new Map<string, Attribute>();
  const blocks: Block[] = [];
  for (const item of block.body.items) {
    const name = item.kind === 'attribute' ? item.name : item.type;
    if (item.kind === 'block' && name.value === 'validation') blocks.push(item);
    else if (item.kind === 'attribute' && ARGUMENTS.includes(name.value))
      attributes.set(name.value, item);
    else unknownItem(name, 'a variable', [...ARGUMENTS, 'validation'], scope);
  }
  return { attributes, blocks };
}

function unknownItem(name: Name, where: string, known: readonly string[], scope: Scope): void {
  scope.report(
    errorAt(
      name.range,
      `Unknown "${name.value}" in ${where}`,
      `Known there are ${known.join(', ')}.`,
      guess(name.value, known),
    ),
  );
}

function readFallback(
  name: Name,
  given: Attribute | undefined,
  type: Type,
  scope: Scope,
): Declaration['fallback'] {
  if (given === undefined) return undefined;
  const { range } = given.value;
  const value = evaluate(given.value, scope);
  try {
    return { value: value.content === null ? value : convert(value, type), range };
  } catch (error) {
    if (!(error instanceof NotConvertible)) throw error;
    scope.report(
      errorAt(
        range,
        `The default of the variable "${name.value}" is not of its type`,
        `Here ${error.message}.`,
      ),
    );
    return { value, range };
  }
}

function isSensitive(given: Attribute | undefined, scope: Scope): boolean {
  if (given === undefined) return false;
  const { content } = evaluate(given.value, scope);
  if (typeof content === 'boolean') return content;
  scope.report(errorAt(given.value.range, '"sensitive" is true or false', 'Nothing else fits.'));
  return true;
}

function readValidation(block: Block, scope: Scope): Validation | undefined {
  const found = new Map<string, Expression>();
  for (const item of block.body.items) {
    const name = item.kind === 'attribute' ? item.name : item.type;
    if (item.kind === 'attribute' && ['condition', 'error_message'].includes(name.value))
      found.set(name.value, item.value);
    else unknownItem(name, 'a validation', ['condition', 'error_message'], scope);
  }
  const condition = found.get('condition');
  const message = found.get('error_message');
  if (condition !== undefined && message !== undefined) return { condition, message };
  scope.report(
    errorAt(
      block.type.range,
      'A validation needs a condition and an error_message',
      'Write: condition = length(var.name) > 0, and error_message = "…", each on a line of its own.',
    ),
  );
  return undefined;
}
