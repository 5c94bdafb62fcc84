import type { NomadClient } from '../../nomad/client.js';
import { NomadError } from '../../nomad/errors.js';
import { type ExternalVolume, listExternalVolumes } from '../../nomad/external.js';
import { listPlugins } from '../../nomad/plugins.js';
import { type NomadVolume, readVolume } from '../../nomad/volumes.js';
import { nomadVolume } from '../../spec/nomad.js';
import type { VolumeSpec } from '../../spec/volume.js';
import { failureOf } from '../errors.js';
import { hasController } from '../nomad/plugins.js';
import type { Way } from '../way.js';
import { changesInNomad } from './changes.js';
import { type Action, type AtController, actionOf, type VolumePlan } from './plan.js';
import { type PlannedRequest, toCreate, toExpand, toNomad, toValidate } from './requests.js';

/** What Nomad's plugins have, each asked once. */
export class Plugins {
  readonly #lists = new Map<string, Promise<readonly ExternalVolume[] | string>>();

  constructor(readonly nomad: NomadClient) {}

  /** The volumes of a plugin, or why they are not known. */
  volumes(id: string): Promise<readonly ExternalVolume[] | string> {
    const known = this.#lists.get(id) ?? this.#ask(id);
    this.#lists.set(id, known);
    return known;
  }

  async #ask(id: string): Promise<readonly ExternalVolume[] | string> {
    try {
      const plugin = (await listPlugins(this.nomad)).document.find(({ ID }) => ID === id);
      if (plugin === undefined) return `Nomad has no CSI plugin "${id}": its job does not run`;
      if (!hasController(plugin)) return `plugin "${id}" has no healthy controller`;
      return await listExternalVolumes(this.nomad, id);
    } catch (error) {
      return `what plugin "${id}" has is not known: ${failureOf(error).message}`;
    }
  }
}

/** Looks what is there of a volume, and says what Nomad would be sent to create or to register it. */
export async function planThroughNomad(
  nomad: NomadClient,
  plugins: Plugins,
  way: Way,
  spec: VolumeSpec,
  verb: 'create' | 'register',
): Promise<VolumePlan> {
  const namespace = spec.namespace || nomad.settings.namespace || 'default';
  const [record, external] = await Promise.all([
    recordOf(nomad, spec, namespace),
    plugins.volumes(spec.pluginId),
  ]);
  const known = typeof record === 'string' ? undefined : record;
  const controller = atController(spec, known, external);
  const changes = known ? changesInNomad(spec, known) : [];
  const action = known ? actionOf(changes) : verb;
  return {
    action,
    id: spec.id,
    name: spec.name,
    namespace,
    way,
    now: { nomad: known, controller },
    changes,
    requests: requestsFor(action, verb, spec, known),
    notes: [
      ...(typeof record === 'string' ? [record] : []),
      ...(typeof external === 'string' ? [external] : []),
      ...(known === null && verb === 'create' && controller != null
        ? [
            `the plugin has a volume of that name already, "${controller.id}": if it was made in the same way it is taken, or else the creation is refused`,
          ]
        : []),
    ],
  };
}

/** What Nomad has, or why that is not known: who may not look can plan all the same. */
export async function recordOf(
  nomad: NomadClient,
  spec: VolumeSpec,
  namespace: string,
): Promise<NomadVolume | null | string> {
  try {
    return (await readVolume(nomad, spec.id, { namespace }))?.document ?? null;
  } catch (error) {
    if (!(error instanceof NomadError) || error.code === 'CONFIG') throw error;
    return `what Nomad has is not known: ${error.message}`;
  }
}

function atController(
  spec: VolumeSpec,
  record: NomadVolume | null | undefined,
  external: readonly ExternalVolume[] | string,
): AtController | null | undefined {
  if (typeof external === 'string') return undefined;
  const id = record?.ExternalID || spec.externalId;
  const found = external.find((one) =>
    id === '' ? one.VolumeContext?.name === spec.name : one.ExternalID === id,
  );
  return found === undefined
    ? null
    : {
        id: found.ExternalID,
        capacityBytes: BigInt(found.CapacityBytes),
        nodes: found.PublishedExternalNodeIDs ?? [],
      };
}

function requestsFor(
  action: Action,
  verb: 'create' | 'register',
  spec: VolumeSpec,
  record: NomadVolume | null | undefined,
): PlannedRequest[] {
  if (action === 'none' || action === 'refuse') return [];
  // Where a registration does not say which volume of the plugin's it is, Nomad takes its own ID.
  const id = record?.ExternalID || spec.externalId || spec.id;
  return [
    toNomad(verb, nomadVolume(spec)),
    ...(action === 'create' ? [toCreate(spec, true)] : []),
    ...(record && grows(spec, record) ? [toExpand(spec, id, true)] : []),
    ...(verb === 'register' ? [toValidate(spec, id)] : []),
  ];
}

/** Nomad has a volume grown where the sizes that are asked for are others than before, and it has less. */
function grows({ capacityMin, capacityMax }: VolumeSpec, volume: NomadVolume): boolean {
  return (
    capacityMin > BigInt(volume.Capacity) &&
    (capacityMin !== BigInt(volume.RequestedCapacityMin) ||
      capacityMax !== BigInt(volume.RequestedCapacityMax))
  );
}
