import type { Output } from '../output.js';
import { openPlugin } from '../plugin.js';
import { describeSnapshot, findSnapshotByPrefix } from '../snapshots.js';
import { listVolumes, volumeTable } from '../volumes.js';

/** Shows a snapshot that a controller knows, and the volumes that were made from it. */
export async function showStraight(
  output: Output,
  endpoint: string,
  id: string,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  await using plugin = openPlugin(endpoint);
  const snapshot = await output.progress(
    'Reading the snapshot',
    findSnapshotByPrefix(plugin, id, secrets),
  );
  const all = await output.progress('ListVolumes', listVolumes(plugin));
  const volumes = all.filter(
    ({ source }) => source?.kind === 'snapshot' && source.id === snapshot.id,
  );
  await output.data({ ...snapshot, volumes: volumes.map((volume) => volume.id) }, () => {
    const about = describeSnapshot(snapshot);
    return volumes.length === 0
      ? about
      : `${about}\n\n${output.heading('Volumes')}\n${volumeTable(volumes)}`;
  });
}
