import { type Diagnostic, warningAt } from './diagnostic.js';
import type { VolumeSpec } from './volume.js';

/**
 * Tells of volumes that share what should be one volume's own: the ID in a namespace, and of a plugin the name and
 * the handle.
 */
export function tellDuplicates(specs: readonly VolumeSpec[]): Diagnostic[] {
  return [
    ...repeated(specs, 'id', ({ namespace, id }) => [namespace || 'default', id]),
    ...repeated(specs, 'name', ({ pluginId, name }) => [pluginId, name]),
    ...repeated(specs, 'external_id', ({ pluginId, externalId }) => [pluginId, externalId]),
  ];
}

const DETAILS = {
  id: 'Nomad has one volume under an id in a namespace: the one that is sent last changes the other.',
  name: 'A plugin knows a volume by its name: the second creation answers the first volume, or fails, and deleting either deletes both.',
  external_id: 'Both are the same volume: deleting either deletes both.',
} as const;

function repeated(
  specs: readonly VolumeSpec[],
  key: keyof typeof DETAILS,
  own: (spec: VolumeSpec) => readonly [scope: string, value: string],
): Diagnostic[] {
  const first = new Map<string, VolumeSpec>();
  return specs.flatMap((spec) => {
    const [scope, value] = own(spec);
    if (value === '') return [];
    const whole = JSON.stringify([scope, value]);
    const other = first.get(whole);
    if (other === undefined) {
      first.set(whole, spec);
      return [];
    }
    const where = other.places && `${other.places.id.file}:${other.places.id.start.line}`;
    return [
      warningAt(
        spec.places?.[key === 'name' ? 'name' : 'id'],
        `The ${key}${spec.sensitive?.includes(value) ? '' : ` "${value}"`} is another volume's too`,
        `${where === undefined ? '' : `That one is at ${where}. `}${DETAILS[key]}`,
      ),
    ];
  });
}
