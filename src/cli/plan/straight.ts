import type { NomadClient } from '../../nomad/client.js';
import type { NomadVolume } from '../../nomad/volumes.js';
import type { VolumeSpec } from '../../spec/volume.js';
import { parseHandle } from '../../volume/handle.js';
import { failureOf } from '../errors.js';
import type { Plugin } from '../plugin.js';
import { sizeInWords } from '../sizes.js';
import { registration } from '../straight/volume-create.js';
import { type ListedVolume, lookUpVolume } from '../volumes.js';
import type { Way } from '../way.js';
import { changesInNomad } from './changes.js';
import { type Action, actionOf, type Change, type VolumePlan } from './plan.js';
import { type PlannedRequest, toCreate, toExpand, toNomad, toValidate } from './requests.js';
import { recordOf } from './through-nomad.js';

/** What a straight plan needs besides to be done. */
export interface StraightPlan extends VolumePlan {
  /** What the controller has; undefined where it has none, or does not tell. */
  readonly volume: ListedVolume | undefined;
}

/** Looks what is there of a volume, and says what its controller and then Nomad, where there is one, would be sent. */
export async function planStraight(
  plugin: Plugin,
  nomad: NomadClient | undefined,
  way: Way,
  spec: VolumeSpec,
): Promise<StraightPlan> {
  const namespace =
    nomad === undefined ? null : spec.namespace || nomad.settings.namespace || 'default';
  const [volume, record] = await Promise.all([
    lookUpVolume(plugin, spec.externalId || spec.name).catch(
      (error: unknown) => `what the controller has is not known: ${failureOf(error).message}`,
    ),
    nomad && namespace !== null ? recordOf(nomad, spec, namespace) : undefined,
  ]);
  const listed = typeof volume === 'string' ? undefined : volume;
  const known = typeof record === 'string' ? undefined : record;
  const changes = [
    ...changesAtController(spec, volume),
    ...(known ? inNomadBesides(spec, known, listed) : []),
  ];
  const action = actionFor(spec, listed, known, changes);
  return {
    action,
    id: spec.id,
    name: spec.name,
    namespace,
    way,
    now: {
      nomad: known,
      controller:
        listed === undefined
          ? typeof volume === 'string'
            ? undefined
            : null
          : { id: listed.id, capacityBytes: listed.capacityBytes, nodes: listed.nodes },
    },
    changes,
    requests: requestsFor(action, spec, listed, nomad !== undefined),
    notes: [volume, record].filter((note) => typeof note === 'string'),
    volume: listed,
  };
}

const NEVER = 'it never changes in a volume';

/** In what a specification differs from what the controller has, as far as that tells. */
function changesAtController(
  spec: VolumeSpec,
  volume: ListedVolume | string | undefined,
): Change[] {
  if (typeof volume === 'string') return [];
  if (volume === undefined)
    return spec.externalId === ''
      ? []
      : [
          {
            field: 'external_id',
            from: null,
            to: spec.externalId,
            refused: 'the controller has no such volume',
          },
        ];
  return [...capacity(spec, volume), ...source(spec, volume), ...place(spec, volume)];
}

function capacity({ capacityMin, capacityMax }: VolumeSpec, volume: ListedVolume): Change[] {
  const { capacityBytes: size } = volume;
  const from = sizeInWords(size);
  if (size < capacityMin) return [{ field: 'capacity_min', from, to: sizeInWords(capacityMin) }];
  return capacityMax > 0n && size > capacityMax
    ? [
        {
          field: 'capacity_max',
          from,
          to: sizeInWords(capacityMax),
          refused: `the volume has ${from}, and no volume shrinks`,
        },
      ]
    : [];
}

function source({ snapshotId, cloneId }: VolumeSpec, volume: ListedVolume): Change[] {
  const [field, to] = snapshotId === '' ? ['clone_id', cloneId] : ['snapshot_id', snapshotId];
  const from = volume.source?.id ?? null;
  return to === '' || to === from ? [] : [{ field, from, to, refused: NEVER }];
}

/** Where a volume is, as a handle of ours tells it. */
function place({ parameters = {} }: VolumeSpec, { id }: ListedVolume): Change[] {
  const handle = parseHandle(id);
  if (handle === undefined) return [];
  return (['cluster', 'pool', 'namespace'] as const).flatMap((key) => {
    const to = parameters[key];
    return to === undefined || to === handle[key]
      ? []
      : [{ field: `parameters.${key}`, from: handle[key] || null, to, refused: NEVER }];
  });
}

/** What differs in Nomad besides; the size that the controller has counts, and not what Nomad knows of it. */
function inNomadBesides(
  spec: VolumeSpec,
  record: NomadVolume,
  volume: ListedVolume | undefined,
): Change[] {
  const there = volume === undefined ? spec : { ...spec, externalId: volume.id };
  const smaller = volume !== undefined && volume.capacityBytes < spec.capacityMin;
  return changesInNomad(there, record).filter(
    ({ field }) => !smaller || !field.startsWith('capacity_'),
  );
}

function actionFor(
  { externalId }: VolumeSpec,
  volume: ListedVolume | undefined,
  record: NomadVolume | null | undefined,
  changes: readonly Change[],
): Action {
  const action = actionOf(changes);
  if (action === 'refuse') return action;
  if (volume === undefined) return externalId === '' ? 'create' : 'register';
  return record === null ? 'register' : action;
}

function requestsFor(
  action: Action,
  spec: VolumeSpec,
  volume: ListedVolume | undefined,
  inNomad: boolean,
): PlannedRequest[] {
  if (action === 'none' || action === 'refuse') return [];
  const id = volume?.id ?? (spec.externalId || '(the ID that CreateVolume answers)');
  const known = volume ?? { id, capacityBytes: spec.capacityMin, context: {} };
  return [
    ...(action === 'create' ? [toCreate(spec, false)] : []),
    ...(volume !== undefined && volume.capacityBytes < spec.capacityMin
      ? [toExpand(spec, id, false)]
      : []),
    ...(inNomad ? [toNomad('register', registration(spec, known)), toValidate(spec, id)] : []),
  ];
}
