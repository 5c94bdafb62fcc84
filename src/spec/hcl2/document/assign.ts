import { guess } from '../../../volume/guess.js';
import { type Diagnostic, errorAt, warningAt } from '../../diagnostic.js';
import { evaluate } from '../evaluate.js';
import type { Namespace, Scope } from '../scope.js';
import { convert, NotConvertible } from '../value/convert.js';
import { UNKNOWN, type Value } from '../value/model.js';
import { ANY } from '../value/type.js';
import { isSensitive, LOST, marked } from '../value/value.js';
import type { Declaration } from './declaration.js';
import type { Given } from './given.js';

/** `var`: each variable's value is the last one given, or its default. What is missing is reported. */
export function assign(
  declarations: ReadonlyMap<string, Declaration>,
  given: readonly Given[],
  scope: Scope,
): Namespace {
  tellUndeclared(declarations, given, scope.report);
  const values = new Map(
    [...declarations].map(([name, declaration]) => {
      const last = given.findLast((one) => one.name === name);
      return [name, marked(chosen(declaration, last, scope), declaration.sensitive)] as const;
    }),
  );
  return {
    noun: 'variable',
    get: (name) => values.get(name),
    names: () => [...values.keys()],
  };
}

function chosen(declaration: Declaration, last: Given | undefined, scope: Scope): Value {
  const { name, type, fallback } = declaration;
  if (last === undefined) {
    if (fallback !== undefined) return fallback.value;
    scope.report(
      errorAt(
        name.range,
        `The variable "${name.value}" has no value`,
        `Give it with -var ${name.value}=…, in a file with -var-file, or as the environment variable PANNIER_VAR_${name.value} or NOMAD_VAR_${name.value}; or give it a default here.`,
      ),
    );
    return LOST;
  }
  try {
    return convert(last.read(type, scope), type ?? ANY);
  } catch (error) {
    if (!(error instanceof NotConvertible)) throw error;
    scope.report(
      errorAt(
        last.range,
        `The value of the variable "${name.value}" is not of its type`,
        `Here ${error.message}. It is declared in ${name.range.file}, line ${name.range.start.line}.`,
      ),
    );
    return LOST;
  }
}

/** Nobody gives a value with -var without meaning it; a file may serve several specifications. */
export function tellUndeclared(
  declarations: ReadonlyMap<string, unknown>,
  given: readonly Given[],
  report: (diagnostic: Diagnostic) => void,
): void {
  const names = [...declarations.keys()];
  for (const { name, from, range } of given) {
    if (declarations.has(name)) continue;
    const tell = from === 'flag' ? errorAt : warningAt;
    report(
      tell(
        range,
        `There is no variable "${name}"`,
        names.length === 0
          ? 'The specification declares none.'
          : `The specification declares ${names.join(', ')}.`,
        guess(name, names),
      ),
    );
  }
}

/** Holds each variable's value against its validations. */
export function validate(
  declarations: ReadonlyMap<string, Declaration>,
  given: readonly Given[],
  scope: Scope,
): void {
  for (const { name, validations, fallback } of declarations.values()) {
    const place = given.findLast((one) => one.name === name.value)?.range ?? fallback?.range;
    for (const { condition, message } of validations) {
      const { content } = evaluate(condition, scope);
      if (content === true || content === UNKNOWN) continue;
      if (content !== false) {
        scope.report(errorAt(condition.range, 'A condition is true or false', ''));
        continue;
      }
      const told = evaluate(message, scope);
      scope.report(
        errorAt(
          place ?? name.range,
          `The value of the variable "${name.value}" is not allowed`,
          typeof told.content === 'string' && !isSensitive(told)
            ? told.content
            : `See line ${message.range.start.line} of ${message.range.file}.`,
        ),
      );
    }
  }
}
