import type { NomadClient } from '../../nomad/client.js';
import { createVolume } from '../../nomad/volumes.js';
import { nomadVolume } from '../../spec/nomad.js';
import type { ContentSource } from '../content-source.js';
import { type Copy, copyParameters } from '../copies.js';
import type { Output } from '../output.js';
import { snapshotNotFound } from '../snapshots.js';
import { findVolume } from './find.js';
import type { GivenNomadFlags } from './flags.js';
import { openNomad } from './open.js';
import { allSnapshots, snapshotCalled } from './snapshots.js';

type Secrets = Readonly<Record<string, string>>;

interface Source extends ContentSource {
  readonly sizeBytes: bigint;
  readonly pluginId: string;
  readonly namespace: string;
}

/** Makes a volume from another through Nomad; the name is its ID there too. */
export async function cloneThroughNomad(
  output: Output,
  flags: GivenNomadFlags,
  volume: string,
  name: string,
  copy: Copy,
  secrets: Secrets,
): Promise<void> {
  using nomad = openNomad(flags);
  const { ID, ExternalID, Capacity, RequestedCapacityMin, PluginID, Namespace } =
    await output.progress('Looking the volume up', findVolume(nomad, volume));
  output.monitor(`Cloning volume "${ID}" as "${name}"`);
  const source: Source = {
    kind: 'volume',
    id: ExternalID,
    // Of a volume that was registered Nomad knows what was asked for at most, and the plugin the rest.
    sizeBytes: BigInt(Capacity) || BigInt(RequestedCapacityMin),
    pluginId: PluginID,
    namespace: Namespace,
  };
  await make(output, nomad, name, copy, source, secrets);
}

/** Makes a volume from a snapshot through Nomad; the name is its ID there too. */
export async function restoreThroughNomad(
  output: Output,
  flags: GivenNomadFlags,
  plugin: string | undefined,
  snapshot: string,
  name: string,
  copy: Copy,
  secrets: Secrets,
): Promise<void> {
  using nomad = openNomad(flags);
  const all = await output.progress(
    'Looking the snapshot up',
    allSnapshots(output, nomad, plugin, secrets),
  );
  const found = snapshotCalled(all, snapshot) ?? snapshotNotFound(snapshot);
  output.monitor(`Restoring snapshot "${found.ID}" as volume "${name}"`);
  const source: Source = {
    kind: 'snapshot',
    id: found.ID,
    sizeBytes: BigInt(found.SizeBytes),
    pluginId: found.PluginID,
    namespace: nomad.settings.namespace ?? '',
  };
  await make(output, nomad, name, copy, source, secrets);
}

async function make(
  output: Output,
  nomad: NomadClient,
  name: string,
  copy: Copy,
  source: Source,
  secrets: Secrets,
): Promise<void> {
  const { accessMode, attachmentMode, fsType, mountFlags } = copy.usage;
  const sent = nomadVolume({
    type: 'csi',
    id: name,
    name,
    namespace: source.namespace,
    pluginId: source.pluginId,
    externalId: '',
    snapshotId: source.kind === 'snapshot' ? source.id : '',
    cloneId: source.kind === 'volume' ? source.id : '',
    capacityMin: copy.sizeBytes ?? source.sizeBytes,
    capacityMax: 0n,
    capabilities: [{ accessMode, attachmentMode }],
    parameters: copyParameters(source, copy.parameters),
    ...(fsType === '' && mountFlags.length === 0 ? {} : { mountOptions: { fsType, mountFlags } }),
    ...(Object.keys(secrets).length === 0 ? {} : { secrets }),
  });
  const volume = await output.progress('Creating', createVolume(nomad, sent));
  await output.data(
    volume,
    () => `Created external volume ${volume.ExternalID} with ID ${volume.ID}`,
  );
}
