import { type Diagnostic, errorAt, type Range } from '../spec/diagnostic.js';
import { type Attribute, type Block, describe, type Item, type Value } from '../spec/hcl/ast.js';
import { didYouMean, guess } from '../volume/guess.js';
import { isHandlePart } from '../volume/handle.js';
import { CONSUL_OPTIONS } from './consul-options.js';
import { CLUSTER_OPTIONS, OPTIONS, type Option } from './options.js';

/** A value and where it was given. */
export interface Given {
  readonly value: string;
  /** In a sentence: the flag, the variable or the key. */
  readonly source: string;
  readonly range?: Range;
}

export interface ClusterBlock {
  readonly name: string;
  readonly range: Range;
  /** By the key in the file. */
  readonly given: ReadonlyMap<string, Given>;
}

/** What a configuration file says, not yet checked against the rest. */
export interface ConfigFile {
  readonly given: ReadonlyMap<string, Given>;
  readonly clusters: readonly ClusterBlock[];
  /** Undefined where there is no such block. */
  readonly consul: ReadonlyMap<string, Given> | undefined;
}

const CLUSTER = 'cluster';
const CONSUL = 'consul';
const CLUSTER_NAME_MAX = 32;

/** Reads what a configuration holds; every mistake is reported, and what is right is returned all the same. */
export function readConfigFile(
  items: readonly Item[],
  report: (diagnostic: Diagnostic) => void,
): ConfigFile {
  const clusters: ClusterBlock[] = [];
  const attributes: Attribute[] = [];
  let consul: ReadonlyMap<string, Given> | undefined;
  for (const item of items) {
    if (nameOf(item) === CONSUL) {
      if (consul === undefined) consul = readConsul(item, report);
      else report(errorAt(rangeOf(item), '"consul" is written twice', 'Keep one of them.'));
    } else if (nameOf(item) === CLUSTER) {
      const block = readCluster(item, report);
      if (block === undefined) continue;
      if (clusters.some(({ name }) => name === block.name))
        report(
          errorAt(block.range, `cluster "${block.name}" is written twice`, 'Give each its name.'),
        );
      else clusters.push(block);
    } else if (item.kind === 'attribute') attributes.push(item);
    else
      report(
        errorAt(
          item.typeRange,
          `unknown block "${item.type}"`,
          `The only blocks are: cluster "NAME" { … } and consul { … }.`,
          guess(item.type, [CLUSTER, CONSUL]),
        ),
      );
  }
  return { given: readAttributes(attributes, Object.values(OPTIONS), report), clusters, consul };
}

function nameOf(item: Item): string {
  return item.kind === 'block' ? item.type : item.key;
}

function rangeOf(item: Item): Range {
  return item.kind === 'block' ? item.typeRange : item.keyRange;
}

function readConsul(
  item: Item,
  report: (diagnostic: Diagnostic) => void,
): ReadonlyMap<string, Given> {
  if (item.kind === 'block' && item.labels.length === 0)
    return readAttributes(
      attributesOf(item, 'in consul', report),
      Object.values(CONSUL_OPTIONS),
      report,
    );
  report(errorAt(rangeOf(item), '"consul" is a block without a name', 'Write: consul { … }.'));
  return new Map();
}

function readCluster(
  item: Item,
  report: (diagnostic: Diagnostic) => void,
): ClusterBlock | undefined {
  const label = item.kind === 'block' && item.labels.length === 1 ? item.labels[0] : undefined;
  if (item.kind !== 'block' || label === undefined) {
    report(
      errorAt(
        rangeOf(item),
        'a cluster has one name',
        'Write: cluster "main" { … }. The name begins every volume ID.',
      ),
    );
    return undefined;
  }
  if (!isHandlePart(label.value) || label.value.length > CLUSTER_NAME_MAX)
    report(
      errorAt(
        label.range,
        `"${label.value}" cannot be a cluster's name`,
        `It begins every volume ID: at most ${CLUSTER_NAME_MAX} characters, without "/" and "@".`,
      ),
    );
  return {
    name: label.value,
    range: label.range,
    given: readAttributes(
      attributesOf(item, 'in a cluster', report),
      Object.values(CLUSTER_OPTIONS),
      report,
    ),
  };
}

/** What stands in a block that holds attributes alone. */
function attributesOf(
  { body }: Block,
  where: string,
  report: (diagnostic: Diagnostic) => void,
): Attribute[] {
  const attributes: Attribute[] = [];
  for (const inner of body.items)
    if (inner.kind === 'attribute') attributes.push(inner);
    else report(errorAt(inner.typeRange, `unknown block "${inner.type}" ${where}`, 'Remove it.'));
  return attributes;
}

function readAttributes(
  attributes: readonly Attribute[],
  options: readonly Option[],
  report: (diagnostic: Diagnostic) => void,
): Map<string, Given> {
  const given = new Map<string, Given>();
  const keys = options.map(({ key }) => key);
  for (const { key, keyRange, value } of attributes) {
    if (!keys.includes(key)) {
      report(
        errorAt(
          keyRange,
          `unknown setting "${key}"${didYouMean(key, keys)}`,
          `Known here are ${keys.join(', ')}.`,
          guess(key, keys),
        ),
      );
      continue;
    }
    if (given.has(key)) {
      report(errorAt(keyRange, `"${key}" is written twice`, 'Keep one of them.'));
      continue;
    }
    const text = textOf(value);
    if (text !== undefined) given.set(key, { value: text, source: key, range: value.range });
    else if (value.kind !== 'invalid')
      report(
        errorAt(value.range, `"${key}" is ${describe(value)}`, 'Expected a string in quotes.'),
      );
  }
  return given;
}

/** A string, or a list of strings as one text with commas between. */
function textOf(value: Value): string | undefined {
  if (value.kind === 'string') return value.value;
  if (value.kind !== 'list') return undefined;
  const items = value.items.map((item) => (item.kind === 'string' ? item.value : undefined));
  return items.includes(undefined) ? undefined : items.join(',');
}
