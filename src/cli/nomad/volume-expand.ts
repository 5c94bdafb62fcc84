import { createVolume, type NomadVolume } from '../../nomad/volumes.js';
import { nomadVolume, type NomadVolume as SentVolume } from '../../spec/nomad.js';
import type { VolumeSpec } from '../../spec/volume.js';
import { CommandError, UsageError } from '../errors.js';
import type { Output } from '../output.js';
import { sizeInWords } from '../sizes.js';
import { findVolume } from './find.js';
import type { GivenNomadFlags } from './flags.js';
import { openNomad } from './open.js';

export interface Expansion {
  /** Nomad's ID of the volume, or its specification. */
  readonly target: string | VolumeSpec;
  readonly sizeBytes: bigint;
  /** Undefined: the caller does not know them. */
  readonly secrets: Readonly<Record<string, string>> | undefined;
}

/** Has a volume grown through Nomad, with its file systems where it is mounted. */
export async function expandThroughNomad(
  output: Output,
  flags: GivenNomadFlags,
  { target, sizeBytes, secrets }: Expansion,
): Promise<void> {
  const spec = typeof target === 'string' ? undefined : target;
  using nomad = openNomad(flags);
  const volume = await output.progress(
    'Looking the volume up',
    findVolume(nomad, typeof target === 'string' ? target : target.id, {
      namespace: spec?.namespace || undefined,
    }),
  );
  const before = BigInt(volume.Capacity);
  const { ID } = volume;
  const sent =
    spec === undefined
      ? fromRecord(volume, secrets)
      : nomadVolume({ ...spec, secrets: { ...spec.secrets, ...secrets } });
  checkMaximum(ID, sent.RequestedCapacityMax, sizeBytes);
  if (sizeBytes <= before)
    return await output.data(volume, () => `Volume "${ID}" has ${sizeInWords(before)} already`);
  output.monitor(`Growing volume "${ID}" to ${sizeInWords(sizeBytes)}`);
  const after = await output.progress(
    'Growing',
    createVolume(nomad, {
      ...sent,
      Namespace: volume.Namespace,
      RequestedCapacityMin: sizeBytes,
    }),
  );
  const now = sizeInWords(BigInt(after.Capacity));
  await output.data(after, () =>
    // Of a volume that was registered Nomad does not know what it had.
    before === 0n
      ? `Volume "${ID}" has ${now} now`
      : `Volume "${ID}" had ${sizeInWords(before)} and has ${now} now`,
  );
}

/**
 * What must be sent so that nothing but the size changes: Nomad replaces mount options and secrets by those that
 * come. It tells neither mount flags nor secrets. Throws CommandError and UsageError.
 */
function fromRecord(
  volume: NomadVolume,
  secrets: Readonly<Record<string, string>> | undefined,
): SentVolume {
  if ((volume.MountOptions?.MountFlags ?? []).length > 0)
    throw new CommandError(
      `volume "${volume.ID}" has mount flags, which Nomad keeps to itself and would forget`,
      {
        code: 'FAILED_PRECONDITION',
        remedy: 'Name the specification of the volume instead of its ID: it has them.',
      },
    );
  if (secrets === undefined)
    throw new UsageError(
      `Nomad would forget the secrets of volume "${volume.ID}", if it has any: name its specification instead, or give -secrets-file, or -without-secrets where it has none`,
    );
  const { PluginID, CloneID, SnapshotID, RequestedCapacityMax } = volume;
  return {
    ...nomadVolume({
      type: 'csi',
      id: volume.ID,
      name: volume.Name,
      namespace: volume.Namespace,
      pluginId: PluginID,
      externalId: volume.ExternalID,
      snapshotId: SnapshotID,
      cloneId: CloneID,
      capacityMin: 0n,
      capacityMax: BigInt(RequestedCapacityMax),
      capabilities: [],
      ...(Object.keys(secrets).length === 0 ? {} : { secrets }),
    }),
    RequestedCapabilities: volume.RequestedCapabilities,
    RequestedTopologies: volume.RequestedTopologies as SentVolume['RequestedTopologies'],
    MountOptions: volume.MountOptions,
  };
}

/** Throws CommandError where the size is over what the volume may have. */
function checkMaximum(id: string, maximum: bigint, sizeBytes: bigint): void {
  if (maximum === 0n || sizeBytes <= maximum) return;
  throw new CommandError(
    `volume "${id}" may have ${sizeInWords(maximum)} at most, and ${sizeInWords(sizeBytes)} are asked for`,
    {
      code: 'OUT_OF_RANGE',
      remedy:
        'Raise capacity_max in its specification, and apply that with `pannier volume apply`.',
    },
  );
}
