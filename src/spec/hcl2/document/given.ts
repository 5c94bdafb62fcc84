import { type Diagnostic, errorAt, type Range } from '../../diagnostic.js';
import { Source } from '../../hcl/source.js';
import { evaluate } from '../evaluate.js';
import type { Scope } from '../scope.js';
import { parseBody, parseExpression } from '../syntax/body.js';
import type { Expression } from '../syntax/tree.js';
import type { Type, Value } from '../value/model.js';
import { isPrimitive } from '../value/type.js';
import { text } from '../value/value.js';
import { jsonExpression, NotJson } from './json-values.js';

/** A file of values for variables. */
export interface VarFile {
  readonly file: string;
  readonly text: string;
}

/** Values for variables from outside the specification. */
export interface Inputs {
  /** `name=value`, as -var has them. */
  readonly vars: readonly string[];
  readonly varFiles: readonly VarFile[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A value for a variable, and where it was given. */
export interface Given {
  readonly name: string;
  readonly from: 'environment' | 'file' | 'flag';
  readonly source: Source;
  readonly range: Range;
  /** The value for a variable of a type; what stands outside a file is text unless the type has parts. */
  readonly read: (type: Type | undefined, scope: Scope) => Value;
}

/** What environment variables begin with that give a value; the last one counts. */
const PREFIXES = ['NOMAD_VAR_', 'PANNIER_VAR_'];

/** All values that are given, those that count more behind the others. */
export function readGiven(
  inputs: Inputs,
  names: Iterable<string>,
  report: (diagnostic: Diagnostic) => void,
): readonly Given[] {
  return [
    ...fromEnvironment(inputs.environment, names),
    ...inputs.varFiles.flatMap((file) => fromFile(file, report)),
    ...inputs.vars.map(fromFlag),
  ];
}

function fromEnvironment(environment: Inputs['environment'], names: Iterable<string>): Given[] {
  return [...names].flatMap((name) =>
    PREFIXES.flatMap((prefix) => {
      const value = environment[`${prefix}${name}`];
      return value === undefined ? [] : [outside(name, 'environment', `${prefix}${name}`, value)];
    }),
  );
}

function fromFlag(flag: string): Given {
  const equals = flag.indexOf('=');
  const name = (equals < 0 ? flag : flag.slice(0, equals)).trim();
  return outside(name, 'flag', `-var ${name}`, equals < 0 ? '' : flag.slice(equals + 1));
}

/** A value outside a file stands by itself, as a file of its own. */
function outside(name: string, from: Given['from'], file: string, written: string): Given {
  const source = new Source(written, file);
  return {
    name,
    from,
    source,
    range: source.range(0, written.length),
    read: (type, scope) => {
      if (type === undefined || isPrimitive(type)) return text(written);
      const { tree, diagnostics } = parseExpression(source);
      diagnostics.forEach(scope.report);
      return evaluate(tree, { ...scope, functions: new Map() });
    },
  };
}

function fromFile(
  { file, text: written }: VarFile,
  report: (diagnostic: Diagnostic) => void,
): Given[] {
  const source = new Source(written, file);
  const found = /^\s*\{/.test(written) ? fromJson(source, report) : fromBody(source, report);
  return found.map(({ name, value }) => ({
    name,
    from: 'file',
    source,
    range: value.range,
    read: (_, scope) => evaluate(value, { ...scope, functions: new Map() }),
  }));
}

interface Named {
  readonly name: string;
  readonly value: Expression;
}

function fromBody(source: Source, report: (diagnostic: Diagnostic) => void): Named[] {
  const { tree, diagnostics } = parseBody(source);
  diagnostics.forEach(report);
  return tree.items.flatMap((item) => {
    if (item.kind === 'attribute') return [{ name: item.name.value, value: item.value }];
    report(
      errorAt(
        item.type.range,
        'A file of values has no blocks',
        'Write: name = value. Variables are declared in the specification.',
      ),
    );
    return [];
  });
}

function fromJson(source: Source, report: (diagnostic: Diagnostic) => void): Named[] {
  const tree = readJson(source, report);
  if (tree?.kind !== 'object') return [];
  return tree.entries.flatMap(({ key, value }) => {
    const name = key.kind === 'literal' ? key.value.content : undefined;
    return typeof name === 'string' ? [{ name, value }] : [];
  });
}

function readJson(
  source: Source,
  report: (diagnostic: Diagnostic) => void,
): Expression | undefined {
  try {
    return jsonExpression(source);
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    const place = source.range(error.offset, error.offset + 1);
    report(errorAt(place, 'This is not JSON', 'The file begins with a brace, as JSON does.'));
    return undefined;
  }
}
