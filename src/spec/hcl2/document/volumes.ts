import { guess } from '../../../volume/guess.js';
import { type Diagnostic, errorAt, hasErrors, warningAt } from '../../diagnostic.js';
import * as flat from '../../hcl/ast.js';
import { loosely } from '../../volume/capabilities.js';
import type { Use } from '../../volume/checks.js';
import { KNOWN_KEYS } from '../../volume/unknown.js';
import { readVolume, type VolumeSpec } from '../../volume.js';
import type { Scope } from '../scope.js';
import type { Block, Body, Item, Name } from '../syntax/tree.js';
import { type Instance, instancesOf } from './instances.js';
import { Secrets } from './secrecy.js';
import { settle } from './settle.js';

const META = ['count', 'for_each'];

interface Settled {
  readonly spec?: VolumeSpec;
  readonly diagnostics: readonly Diagnostic[];
}

/** The volume that a file without volume blocks is. */
export function flatVolume(body: Body, scope: Scope, use: Use): Settled {
  const start = { ...body.range, end: body.range.start };
  return settleVolume(body, scope, { value: '', range: start }, [], use);
}

/** The volumes of a `volume "label" { … }` block. What is told of all of them is told once. */
export function volumesOf(block: Block, scope: Scope, use: Use): VolumeSpec[] {
  const label = labelOf(block, scope);
  if (label === undefined) return [];
  const instances = instancesOf(label.value, block, scope);
  for (const item of block.body.items) tellUnknown(item, scope);
  const body = { ...block.body, items: block.body.items.filter(isField) };
  const settled = instances.map((instance) => settleInstance(body, instance, label, use));
  report(settled, instances, scope);
  return settled.flatMap(({ spec }) => spec ?? []);
}

/** False for what says how many volumes there are, and for what no volume has. */
function isField(item: Item): boolean {
  const name = nameOf(item);
  return name.value === 'dynamic' || KNOWN_KEYS.includes(name.value.toLowerCase());
}

function nameOf(item: Item): Name {
  return item.kind === 'attribute' ? item.name : item.type;
}

/** Nobody else reads such a block: what is not known in it is a mistake. */
function tellUnknown(item: Item, scope: Scope): void {
  const name = nameOf(item);
  if (isField(item) || META.includes(name.value)) return;
  const known = [...KNOWN_KEYS, ...META];
  const belongs = loosely(name.value)
    ? 'It stands in a capability block.'
    : `Known there are ${known.join(', ')}.`;
  const guessed = loosely(name.value) ? undefined : guess(name.value, known);
  scope.report(errorAt(name.range, `Unknown "${name.value}" in a volume`, belongs, guessed));
}

function labelOf({ type, labels }: Block, scope: Scope): Name | undefined {
  const [label, more] = labels;
  if (label !== undefined && more === undefined && label.value !== '') return label;
  scope.report(
    errorAt(
      more?.range ?? label?.range ?? type.range,
      'A volume has one label',
      'Write: volume "name" { … }. It is the id and the name where the block has no others.',
    ),
  );
  return undefined;
}

function settleInstance(
  body: Body,
  { name, index, scope }: Instance,
  label: Name,
  use: Use,
): Settled {
  const defaults = [
    ['type', 'csi'],
    ['id', name],
    ['name', name],
  ] as const;
  const settled = settleVolume(body, scope, label, defaults, use);
  const id = settled.spec?.id ?? name;
  if (index === undefined || id.endsWith(`[${index}]`)) return settled;
  const warning = warningAt(
    label.range,
    'A job with per_alloc does not find these volumes',
    `It looks for ids that end in the number of the allocation, such as "${label.value}[0]". Leave the id out, or end it in [\${count.index}].`,
  );
  return { ...settled, diagnostics: [...settled.diagnostics, warning] };
}

function settleVolume(
  body: Body,
  scope: Scope,
  place: Name,
  defaults: ReadonlyArray<readonly [string, string]>,
  use: Use,
): Settled {
  const diagnostics: Diagnostic[] = [];
  const secrets = new Secrets();
  const own = settle(body, { ...scope, report: (told) => diagnostics.push(told) }, secrets);
  const written = new Set(own.items.map((item) => flat.keysOf(item)[0].value));
  const added = defaults
    .filter(([name]) => !written.has(name))
    .map(([name, value]) => defaultItem(name, value, place));
  const read = readVolume(
    { ...own, items: [...own.items, ...added] },
    !hasErrors(diagnostics),
    use,
  );
  const told = [...diagnostics, ...read.diagnostics].map((one) => secrets.hideIn(one));
  const { texts } = secrets;
  return {
    ...(read.spec && {
      spec: texts.length === 0 ? read.spec : { ...read.spec, sensitive: texts },
    }),
    diagnostics: told,
  };
}

function defaultItem(name: string, value: string, { range }: Name): flat.Item {
  const text = { kind: 'string', value, raw: `"${value}"`, heredoc: false, range } as const;
  return flat.attributeOf({ value: name, range }, text, range);
}

/** What is told of some instances only says of which. */
function report(settled: readonly Settled[], instances: readonly Instance[], scope: Scope): void {
  const found = new Map<string, { diagnostic: Diagnostic; names: string[] }>();
  for (const [at, { diagnostics }] of settled.entries())
    for (const diagnostic of diagnostics) {
      const key = JSON.stringify(diagnostic);
      const before = found.get(key) ?? { diagnostic, names: [] };
      before.names.push(instances[at]?.name ?? '');
      found.set(key, before);
    }
  for (const { diagnostic, names } of found.values())
    scope.report(
      names.length === instances.length
        ? diagnostic
        : { ...diagnostic, detail: `${diagnostic.detail} This is about ${shown(names)}.` },
    );
}

function shown(names: readonly string[]): string {
  const first = names.slice(0, 3).map((name) => `"${name}"`);
  return names.length > first.length
    ? `${first.join(', ')} and ${names.length - first.length} more`
    : first.join(' and ');
}
