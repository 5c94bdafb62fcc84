import { CommandError } from '../errors.js';
import type { Output } from '../output.js';
import { openPlugin } from '../plugin.js';
import { newSnapshotName } from '../snapshot-names.js';
import { describeSnapshot, listed } from '../snapshots.js';
import { findVolume } from '../volumes.js';

export interface NewSnapshot {
  /** The volume, as it was named. */
  readonly volume: string;
  /** Undefined: one is made. */
  readonly name: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** Takes a snapshot straight through a controller. */
export async function createStraight(
  output: Output,
  endpoint: string,
  given: NewSnapshot,
): Promise<void> {
  await using plugin = openPlugin(endpoint);
  const volume = await output.progress('Looking the volume up', findVolume(plugin, given.volume));
  const name = given.name ?? newSnapshotName(volume.name ?? volume.id);
  output.monitor(`Taking snapshot "${name}" of volume "${volume.id}"`);
  const { snapshot } = await output.progress(
    'CreateSnapshot',
    plugin.controller.createSnapshot({
      sourceVolumeId: volume.id,
      name,
      parameters: { ...given.parameters },
      secrets: { ...given.secrets },
    }),
  );
  if (snapshot === undefined)
    throw new CommandError('CreateSnapshot: the plugin answered no snapshot');
  const taken = listed(snapshot);
  output.monitor(`Took snapshot "${taken.id}"`);
  await output.data({ ...taken, name }, () => describeSnapshot(taken));
}
