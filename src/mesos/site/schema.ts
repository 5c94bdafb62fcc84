import { errorAt, type Range } from '../../spec/diagnostic.js';
import { type Block, contentOf, describe, type Item, type Value } from '../../spec/hcl/ast.js';
import { didYouMean, guess } from '../../volume/guess.js';
import type { Report } from '../files/shape.js';

/** A block of a site's description, its attributes by their keys. */
export interface ReadBlock {
  /** '' where blocks of its kind have none. */
  readonly label: string;
  readonly range: Range;
  readonly attributes: ReadonlyMap<string, Value>;
}

/** A kind of block: what may stand in it. */
export interface BlockKind {
  readonly labelled: boolean;
  readonly attributes: readonly string[];
}

/** Reads blocks of known kinds, with attributes alone in them; every mistake is reported. */
export function readBlocks(
  items: readonly Item[],
  kinds: Readonly<Record<string, BlockKind>>,
  report: Report,
): ReadonlyMap<string, readonly ReadBlock[]> {
  const blocks = new Map<string, ReadBlock[]>();
  for (const item of items) {
    const [name, range] =
      item.kind === 'block' ? [item.type, item.typeRange] : [item.key, item.keyRange];
    const kind = kinds[name];
    const known = Object.keys(kinds);
    if (kind === undefined)
      report(
        errorAt(
          range,
          `unknown block "${name}"${didYouMean(name, known)}`,
          `Known are ${known.join(', ')}.`,
          guess(name, known),
        ),
      );
    else if (item.kind !== 'block' || (item.labels.length === 1) !== kind.labelled)
      report(
        errorAt(
          range,
          `"${name}" is a block ${kind.labelled ? 'with one name' : 'without a name'}`,
          `Write: ${name} ${kind.labelled ? '"name" ' : ''}{ … }.`,
        ),
      );
    else blocks.set(name, [...(blocks.get(name) ?? []), readBlock(item, kind, report)]);
  }
  return blocks;
}

function readBlock(
  { type, typeRange, labels, body }: Block,
  kind: BlockKind,
  report: Report,
): ReadBlock {
  const attributes = new Map<string, Value>();
  for (const item of body.items) {
    const [key, range] =
      item.kind === 'block' ? [item.type, item.typeRange] : [item.key, item.keyRange];
    if (!kind.attributes.includes(key))
      report(
        errorAt(
          range,
          `unknown "${key}" in ${type}${didYouMean(key, kind.attributes)}`,
          `Known here are ${kind.attributes.join(', ')}.`,
          guess(key, kind.attributes),
        ),
      );
    else if (attributes.has(key))
      report(errorAt(range, `"${key}" is written twice`, 'Keep one of them.'));
    else attributes.set(key, contentOf(item));
  }
  return { label: labels[0]?.value ?? '', range: labels[0]?.range ?? typeRange, attributes };
}

/** Takes attributes of a block out, by what they must be. What is not so is reported and counts as not given. */
export class Taker {
  constructor(
    private readonly block: ReadBlock | undefined,
    private readonly report: Report,
  ) {}

  text(key: string): string | undefined {
    return this.#take(key, 'a string in quotes', (value) =>
      value.kind === 'string' ? value.value : undefined,
    );
  }

  /** One of a few words. */
  word<W extends string>(key: string, words: readonly W[]): W | undefined {
    return this.#take(key, `one of ${words.join(', ')}`, (value) =>
      value.kind === 'string' ? words.find((word) => word === value.value) : undefined,
    );
  }

  /** A number above 0. */
  number(key: string): number | undefined {
    return this.#take(key, 'a number above 0', (value) => {
      const number = value.kind === 'number' ? Number(value.raw) : Number.NaN;
      return number > 0 && Number.isFinite(number) ? number : undefined;
    });
  }

  texts(key: string): readonly string[] | undefined {
    return this.#take(key, 'a list of strings', (value) => {
      if (value.kind !== 'list') return undefined;
      const items = value.items.map((item) => (item.kind === 'string' ? item.value : undefined));
      return items.includes(undefined) ? undefined : (items as string[]);
    });
  }

  /** A block whose values are strings. */
  map(key: string): Readonly<Record<string, string>> | undefined {
    return this.#take(key, 'a block of strings', (value) => {
      if (value.kind !== 'object') return undefined;
      const entries = value.body.items.map((item) =>
        item.kind === 'attribute' && item.value.kind === 'string'
          ? ([item.key, item.value.value] as const)
          : undefined,
      );
      return entries.includes(undefined)
        ? undefined
        : Object.fromEntries(entries as Array<readonly [string, string]>);
    });
  }

  #take<T>(key: string, expected: string, read: (value: Value) => T | undefined): T | undefined {
    const value = this.block?.attributes.get(key);
    if (value === undefined || value.kind === 'invalid') return undefined;
    const taken = read(value);
    if (taken === undefined)
      this.report(
        errorAt(
          value.range,
          `"${key}" is ${value.kind === 'string' ? `"${value.value}"` : describe(value)}`,
          `Expected ${expected}.`,
        ),
      );
    return taken;
  }
}
