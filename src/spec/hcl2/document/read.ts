import { type Diagnostic, errorAt, hasErrors } from '../../diagnostic.js';
import { tellDuplicates } from '../../duplicates.js';
import type { Source } from '../../hcl/source.js';
import { hideSecrets, withoutHidden } from '../../hidden.js';
import type { Use } from '../../volume/checks.js';
import type { VolumeSpec } from '../../volume.js';
import { FUNCTIONS } from '../functions/index.js';
import type { Host, Reference } from '../host.js';
import { type Scope, withNames } from '../scope.js';
import type { Parsed } from '../syntax/body.js';
import type { Block, Body, Item } from '../syntax/tree.js';
import { assign, validate } from './assign.js';
import { type Declaration, readDeclarations } from './declaration.js';
import { type Given, type Inputs, readGiven } from './given.js';
import { readLocals } from './locals.js';
import { blot, hideLiterals, SECRET_NAME } from './secrecy.js';
import { flatVolume, volumesOf } from './volumes.js';

export interface Hcl2 {
  readonly specs: readonly VolumeSpec[];
  readonly inBlocks: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** Texts that reports quote lines from, secrets blotted out. */
  readonly sources: ReadonlyMap<string, string>;
  /** What had to stay unknown, since it has not been looked up. */
  readonly wanted: readonly Reference[];
}

/** The blocks of this language's own. */
export const OWN_BLOCKS: readonly string[] = ['variable', 'locals', 'volume'];

/** True for a body that only this language has: with variables, locals or volume blocks. */
export function isOwn(body: Body): boolean {
  return body.items.some((item) => item.kind === 'block' && OWN_BLOCKS.includes(item.type.value));
}

/** Evaluates a file: its variables, its local values and its volumes. */
export function readDocument(
  source: Source,
  { tree, diagnostics: syntactic }: Parsed<Body>,
  inputs: Inputs,
  host: Host,
  use: Use,
): Hcl2 {
  const blocks = (type: string) =>
    tree.items.filter((item) => item.kind === 'block' && item.type.value === type) as Block[];
  const inBlocks = blocks('volume').length > 0;
  if (hasErrors(syntactic)) {
    const own = { text: source.text, shown: hideSecrets(source.text) };
    return result({ specs: [], inBlocks, wanted: [] }, syntactic, new Map([[source.file, own]]));
  }
  const diagnostics: Diagnostic[] = [...syntactic];
  const wanted: Reference[] = [];
  const bare: Scope = {
    names: new Map(),
    functions: FUNCTIONS,
    host,
    report: (diagnostic) => diagnostics.push(diagnostic),
    want: (reference) => wanted.push(reference),
  };
  const declarations = readDeclarations(blocks('variable'), bare);
  const given = readGiven(inputs, declarations.keys(), bare.report);
  const variables = assign(declarations, given, bare);
  const locals = readLocals(blocks('locals'), () => scope);
  const scope = withNames(bare, [
    ['var', variables],
    ['local', locals],
  ]);
  validate(declarations, given, scope);
  for (const name of locals.names()) locals.get(name);
  const specs = readVolumes(tree, blocks('volume'), scope, use);
  // In one file it is surely a mistake.
  for (const alike of tellDuplicates(specs)) bare.report({ ...alike, severity: 'error' });
  const own = { text: source.text, shown: hideLiterals(source.text, tree) };
  const texts = shown(given, declarations).set(source.file, own);
  return result({ specs, inBlocks, wanted }, distinct(diagnostics), texts);
}

interface Text {
  readonly text: string;
  /** The same with what may be secret blotted out. */
  readonly shown: string;
}

function result(
  found: Pick<Hcl2, 'specs' | 'inBlocks' | 'wanted'>,
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, Text>,
): Hcl2 {
  return {
    ...found,
    diagnostics: diagnostics.map((diagnostic) => {
      const text = texts.get(diagnostic.range?.file ?? '');
      return text === undefined ? diagnostic : withoutHidden(diagnostic, text.text, text.shown);
    }),
    sources: new Map([...texts].map(([file, { shown: readable }]) => [file, readable])),
  };
}

function readVolumes(
  tree: Body,
  blocks: readonly Block[],
  scope: Scope,
  use: Use,
): readonly VolumeSpec[] {
  const rest = tree.items.filter(
    (item) => item.kind === 'attribute' || !OWN_BLOCKS.includes(nameOf(item)),
  );
  if (blocks.length > 0) {
    for (const item of rest)
      scope.report(
        errorAt(
          item.range,
          `"${nameOf(item)}" stands outside of the volume blocks`,
          'Where there are volume blocks, what belongs to a volume stands in its block.',
        ),
      );
    return blocks.flatMap((block) => volumesOf(block, scope, use));
  }
  if (rest.length === 0) {
    scope.report(
      errorAt(
        undefined,
        'There is no volume in this file',
        'Write: volume "name" { … }, or the keys of one volume at the top.',
      ),
    );
    return [];
  }
  const { spec, diagnostics } = flatVolume({ ...tree, items: rest }, scope, use);
  diagnostics.forEach(scope.report);
  return spec === undefined ? [] : [spec];
}

function nameOf(item: Item): string {
  return item.kind === 'attribute' ? item.name.value : item.type.value;
}

/** A mistake that is met again and again, as in a loop, is told once. */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...new Map(diagnostics.map((one) => [JSON.stringify(one), one])).values()];
}

/** The texts that values were given in, without those that may be secrets. */
function shown(
  given: readonly Given[],
  declarations: ReadonlyMap<string, Declaration>,
): Map<string, Text> {
  const found = new Map<string, Text>();
  for (const { name, from, source, range } of given) {
    const before = found.get(source.file)?.shown ?? source.text;
    const plain = from === 'file' ? hideSecrets(before) : before;
    const secret = declarations.get(name)?.sensitive === true || SECRET_NAME.test(name);
    found.set(source.file, { text: source.text, shown: secret ? blot(plain, [range]) : plain });
  }
  return found;
}
