import { errorAt, warningAt } from '../diagnostic.js';
import { parseGoInteger } from '../hcl/numbers.js';
import { type Context, type Entry, namedOnce } from './root.js';
import { type Decoded, decodeWeakly, textOf } from './text.js';

const KINDS = {
  AccessMode: 'text',
  AttachmentMode: 'text',
  Provider: 'text',
  ProviderVersion: 'text',
  Capacity: 'integer',
  ControllersHealthy: 'integer',
  ControllersExpected: 'integer',
  NodesHealthy: 'integer',
  NodesExpected: 'integer',
  CreateTime: 'integer',
  ModifyTime: 'integer',
  CreateIndex: 'unsigned',
  ModifyIndex: 'unsigned',
  Schedulable: 'boolean',
  ControllerRequired: 'boolean',
} as const;
type StateKey = keyof typeof KINDS;
type Kind = (typeof KINDS)[StateKey];

/** What a specification sets of what Nomad keeps about a volume itself, under Nomad's names. */
export type NomadState = {
  readonly [Key in StateKey]?: {
    text: string;
    integer: bigint;
    unsigned: bigint;
    boolean: boolean;
  }[(typeof KINDS)[Key]];
};

/** Blocks of the API, which have another form in a specification or none, with what to write. */
const API_BLOCKS: ReadonlyMap<string, string> = new Map([
  ['requestedcapabilities', 'Write: capability { … }.'],
  ['requestedtopologies', 'Write: topology_request { … }.'],
  ['mountoptions', 'Write: mount_options { … }.'],
  ['topologies', 'Write: topology_request { … }.'],
  ...['readallocs', 'writeallocs', 'allocations', 'resourceexhausted'].map(
    (name) => [name, 'Remove it.'] as const,
  ),
]);

const ADVICE: Partial<Record<StateKey, string>> = {
  AccessMode: 'It stands in a capability block, as access_mode.',
  AttachmentMode: 'It stands in a capability block, as attachment_mode.',
  Capacity: 'A size is asked for with capacity_min and capacity_max.',
};

const NAMES = new Map(
  (Object.keys(KINDS) as StateKey[]).map((key) => [key.toLowerCase(), key] as const),
);

/** True for a key, in any case, of what Nomad's API has beside the fields of a specification. */
export function isState(key: string): boolean {
  return NAMES.has(key.toLowerCase()) || API_BLOCKS.has(key.toLowerCase());
}

/** Reads Nomad's own state: it takes these keys, and sends what it makes of them. Each is told of. */
export function readState(context: Context): NomadState | undefined {
  for (const { key, item } of context.entries) {
    const advice = API_BLOCKS.get(key.value.toLowerCase());
    if (advice !== undefined)
      context.report(
        errorAt(
          item.range,
          `"${key.value}" cannot be set like this`,
          `It is a word of Nomad's API, of what Nomad keeps about a volume. ${advice}`,
        ),
      );
  }
  const state = [...NAMES].flatMap(([name, key]) => {
    const entries = namedOnce(context, name);
    const value = entries.length === 0 ? undefined : readKey(context, key, entries);
    return value === undefined ? [] : [[key, value] as const];
  });
  return state.length === 0 ? undefined : (Object.fromEntries(state) as NomadState);
}

function readKey(context: Context, key: StateKey, entries: readonly Entry[]) {
  const last = entries[entries.length - 1];
  if (last === undefined) return undefined;
  const labelled = entries.some(({ labels }) => labels.length > 0);
  const decoded = decodeWeakly(entries.map(({ value }) => value));
  if (decoded === undefined) return undefined;
  const value = labelled || 'problem' in decoded ? undefined : convert(decoded, KINDS[key]);
  const advice = ADVICE[key] ?? 'Remove it.';
  if (value === undefined)
    context.report(
      errorAt(
        last.value.range,
        `"${last.key.value}" cannot be set like this`,
        `Nomad keeps its own state under that name, as ${NOUNS[KINDS[key]]}, and refuses this value. ${advice}`,
      ),
    );
  else
    context.report(
      warningAt(
        last.key.range,
        `"${last.key.value}" is Nomad's own state`,
        `Nomad sends it as it is written here, and takes it for what it knows itself. ${advice}`,
      ),
    );
  return value;
}

const NOUNS: Readonly<Record<Kind, string>> = {
  text: 'text',
  integer: 'a whole number',
  unsigned: 'a whole number',
  boolean: 'true or false',
};

function convert(decoded: Decoded, kind: Kind): string | bigint | boolean | undefined {
  if (kind === 'text') return textOf(decoded);
  if (kind === 'boolean') return truthOf(decoded);
  const number = integerOf(decoded, kind === 'unsigned');
  if (number === undefined) return undefined;
  return kind === 'unsigned' ? BigInt.asUintN(64, number) : BigInt.asIntN(64, number);
}

function integerOf({ kind, value }: Decoded, unsigned: boolean): bigint | undefined {
  switch (kind) {
    case 'bool':
      return value ? 1n : 0n;
    case 'float':
      return BigInt(Math.trunc(value));
    case 'integer':
      return value;
    case 'string':
      if (value === '') return 0n;
      return unsigned && /^[+-]/.test(value) ? undefined : parseGoInteger(value);
  }
}

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['', '0', 'f', 'F', 'false', 'FALSE', 'False'];

function truthOf({ kind, value }: Decoded): boolean | undefined {
  if (kind === 'bool') return value;
  if (kind !== 'string') return Number(value) !== 0;
  if (TRUE.includes(value)) return true;
  return FALSE.includes(value) ? false : undefined;
}
