import { guess } from '../../volume/guess.js';
import { warningAt } from '../diagnostic.js';
import { loosely } from './capabilities.js';
import type { Context } from './root.js';
import { isState } from './state.js';

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

/** Where people look for a key that belongs somewhere else. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['size', 'A size is asked for with capacity_min and capacity_max.'],
  ['fs_type', 'It stands in mount_options.'],
  ['mount_flags', 'It stands in mount_options.'],
  ['read_only', 'A job says it where it uses the volume.'],
  ['per_alloc', 'A job says it where it uses the volume.'],
  ['region', 'It is set with -region or NOMAD_REGION.'],
  ['constraint', 'Only host volumes have constraints; CSI volumes have topology_request.'],
]);

/** Tells of every top-level key that has no effect: Nomad drops them without a word. */
export function tellUnknown(context: Context): void {
  for (const { key } of context.entries) {
    const name = key.value.toLowerCase();
    if (KNOWN_KEYS.includes(name) || isState(name)) continue;
    const elsewhere = loosely(key.value) ? 'It stands in a capability block.' : ELSEWHERE.get(name);
    context.report(
      warningAt(
        key.range,
        `"${key.value}" has no effect`,
        `Nomad knows no such key in a volume specification and leaves it out. ${elsewhere ?? ''}`.trim(),
        elsewhere === undefined ? guess(key.value, KNOWN_KEYS) : undefined,
      ),
    );
  }
}
