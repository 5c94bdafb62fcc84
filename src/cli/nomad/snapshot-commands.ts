import { listExternalVolumes } from '../../nomad/external.js';
import { createSnapshot, deleteSnapshot } from '../../nomad/snapshots.js';
import { table } from '../columns.js';
import { failureOf } from '../errors.js';
import type { Output } from '../output.js';
import { newSnapshotName } from '../snapshot-names.js';
import { snapshotNotFound } from '../snapshots.js';
import type { NewSnapshot } from '../straight/snapshot-create.js';
import { findVolume } from './find.js';
import type { GivenNomadFlags } from './flags.js';
import { openNomad } from './open.js';
import { allSnapshots, findSnapshotByPrefix, snapshotCalled, snapshotTable } from './snapshots.js';

type Secrets = Readonly<Record<string, string>>;

/** Takes a snapshot through Nomad. */
export async function createThroughNomad(
  output: Output,
  flags: GivenNomadFlags,
  { volume: text, name: given, parameters, secrets }: NewSnapshot,
): Promise<void> {
  using nomad = openNomad(flags);
  const { ID, Name, Namespace, PluginID } = await output.progress(
    'Looking the volume up',
    findVolume(nomad, text),
  );
  const name = given ?? newSnapshotName(Name === '' ? ID : Name);
  output.monitor(`Taking snapshot "${name}" of volume "${ID}"`);
  const taken = await output.progress(
    'Taking the snapshot',
    createSnapshot(nomad, {
      ...{ volumeId: ID, pluginId: PluginID, name, parameters, secrets },
      namespace: Namespace,
    }),
  );
  output.monitor(`Took snapshot "${taken.ID}"`);
  await output.data({ ...taken, Name: name }, () => snapshotTable([taken]));
}

/** Lists the snapshots that Nomad's plugins have, or those of one volume. */
export async function listThroughNomad(
  output: Output,
  flags: GivenNomadFlags,
  plugin: string | undefined,
  volume: string | undefined,
  secrets: Secrets,
): Promise<void> {
  using nomad = openNomad(flags);
  // A volume that is deleted has the plugin's ID still, and none of Nomad's.
  const source =
    volume === undefined || volume.includes('/')
      ? volume
      : (await output.progress('Looking the volume up', findVolume(nomad, volume))).ExternalID;
  const all = await output.progress(
    'Asking the plugins',
    allSnapshots(output, nomad, plugin, secrets),
  );
  const snapshots = all.filter(
    ({ ExternalSourceVolumeID }) => source === undefined || ExternalSourceVolumeID === source,
  );
  await output.data(snapshots, () =>
    snapshots.length === 0 ? 'No snapshots' : snapshotTable(snapshots),
  );
}

/** Deletes a snapshot through Nomad. One that does not show is deleted all the same where its plugin is named. */
export async function deleteThroughNomad(
  output: Output,
  flags: GivenNomadFlags,
  plugin: string | undefined,
  text: string,
  secrets: Secrets,
): Promise<void> {
  using nomad = openNomad(flags);
  const all = await output
    .progress('Looking it up', allSnapshots(output, nomad, plugin, secrets))
    .catch((error: unknown) => {
      // A plugin that lists none can delete one.
      if (plugin === undefined || failureOf(error).code !== 'UNIMPLEMENTED') throw error;
      return [];
    });
  const found = snapshotCalled(all, text);
  const pluginId = found?.PluginID ?? plugin;
  if (pluginId === undefined) snapshotNotFound(text);
  const id = found?.ID ?? text;
  await output.progress('Deleting', deleteSnapshot(nomad, pluginId, id, secrets));
  await output.data({ ID: id, PluginID: pluginId }, () => `Successfully deleted snapshot "${id}"!`);
}

/** Shows a snapshot that one of Nomad's plugins has, and the volumes that were made from it. */
export async function showThroughNomad(
  output: Output,
  flags: GivenNomadFlags,
  plugin: string | undefined,
  text: string,
  secrets: Secrets,
): Promise<void> {
  using nomad = openNomad(flags);
  const snapshot = await output.progress(
    'Reading the snapshot',
    allSnapshots(output, nomad, plugin, secrets).then((all) => findSnapshotByPrefix(all, text)),
  );
  const all = await output.progress(
    'Asking for volumes',
    listExternalVolumes(nomad, snapshot.PluginID),
  );
  const volumes = all.filter(({ SnapshotID }) => SnapshotID === snapshot.ID);
  const made = table(
    ['External ID'],
    volumes.map(({ ExternalID }) => [ExternalID]),
  );
  await output.data({ ...snapshot, Volumes: volumes.map(({ ExternalID }) => ExternalID) }, () =>
    [
      snapshotTable([snapshot]),
      ...(volumes.length === 0 ? [] : [`${output.heading('Volumes')}\n${made}`]),
    ].join('\n\n'),
  );
}
