import { guess } from '../../volume/guess.js';
import { errorAt, warningAt } from '../diagnostic.js';
import { parseGoInteger } from '../hcl/numbers.js';
import { loosely } from './capabilities.js';
import type { Context, Entry } from './root.js';

export const KNOWN_KEYS: readonly string[] = [
  'type',
  'id',
  'name',
  'namespace',
  'plugin_id',
  'external_id',
  'snapshot_id',
  'clone_id',
  'capacity_min',
  'capacity_max',
  'capability',
  'mount_options',
  'topology_request',
  'secrets',
  'parameters',
  'context',
];

/** What Nomad keeps about a volume in the same structure: it takes these keys, and they do nothing. */
const STATE_KEYS: ReadonlyMap<string, 'text' | 'integer' | 'boolean' | 'anything'> = new Map([
  ...['AccessMode', 'AttachmentMode', 'Provider', 'ProviderVersion'].map(
    (key) => [key.toLowerCase(), 'text'] as const,
  ),
  ...[
    'Capacity',
    'ControllersHealthy',
    'ControllersExpected',
    'NodesHealthy',
    'NodesExpected',
    'CreateIndex',
    'ModifyIndex',
    'CreateTime',
    'ModifyTime',
  ].map((key) => [key.toLowerCase(), 'integer'] as const),
  ...['Schedulable', 'ControllerRequired'].map((key) => [key.toLowerCase(), 'boolean'] as const),
  ...['Topologies', 'ReadAllocs', 'WriteAllocs', 'Allocations', 'MountOptions'].map(
    (key) => [key.toLowerCase(), 'anything'] as const,
  ),
]);

/** Where people look for a key that belongs somewhere else. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['capacity', 'A size is asked for with capacity_min and capacity_max.'],
  ['size', 'A size is asked for with capacity_min and capacity_max.'],
  ['fs_type', 'It stands in mount_options.'],
  ['mount_flags', 'It stands in mount_options.'],
  ['read_only', 'A job says it where it uses the volume.'],
  ['per_alloc', 'A job says it where it uses the volume.'],
  ['region', 'It is set with -region or NOMAD_REGION.'],
  ['constraint', 'Only host volumes have constraints; CSI volumes have topology_request.'],
  ['external_id', 'It is the handle of a volume that exists.'],
]);

/** Tells of every top-level key that has no effect: Nomad drops them without a word. */
export function tellUnknown(context: Context): void {
  for (const entry of context.entries) {
    const name = entry.key.value.toLowerCase();
    if (KNOWN_KEYS.includes(name)) continue;
    const state = STATE_KEYS.get(name);
    if (state !== undefined && unfit(entry, state)) refuse(context, entry, state);
    else leaveOut(context, entry, name);
  }
}

function refuse(context: Context, entry: Entry, state: string): void {
  const { key, value } = entry;
  context.report(
    errorAt(
      value.range,
      `"${key.value}" cannot be set like this`,
      `Nomad keeps its own state under that name, as ${state}, and refuses this value. ${advice(key.value.toLowerCase())}`,
    ),
  );
}

function leaveOut(context: Context, entry: Entry, name: string): void {
  const meant = guess(entry.key.value, KNOWN_KEYS);
  context.report(
    warningAt(
      entry.key.range,
      `"${entry.key.value}" has no effect`,
      `Nomad knows no such key in a volume specification and leaves it out. ${advice(name)}`.trim(),
      ELSEWHERE.has(name) || loosely(entry.key.value) ? undefined : meant,
    ),
  );
}

function advice(name: string): string {
  return loosely(name) || ['accessmode', 'attachmentmode'].includes(name)
    ? 'It stands in a capability block.'
    : (ELSEWHERE.get(name) ?? '');
}

const TRUTHS = [
  '',
  '1',
  't',
  'true',
  'T',
  'TRUE',
  'True',
  '0',
  'f',
  'F',
  'false',
  'FALSE',
  'False',
];

/** True where Nomad cannot make of a value what it keeps under its name. */
function unfit(entry: Entry, state: 'text' | 'integer' | 'boolean' | 'anything'): boolean {
  const { labels, value } = entry;
  if (value.kind === 'invalid') return false;
  const literal = value.kind !== 'list' && value.kind !== 'object' && labels.length === 0;
  if (state === 'anything') return entry.key.value.toLowerCase() === 'mountoptions' || literal;
  if (!literal) return true;
  if (value.kind !== 'string') return false;
  if (state === 'integer') return value.value !== '' && parseGoInteger(value.value) === undefined;
  return state === 'boolean' && !TRUTHS.includes(value.value);
}
