import { CommandError } from '../errors.js';
import type { Output } from '../output.js';
import { openPlugin, type Plugin } from '../plugin.js';
import { listSnapshots, snapshotTable } from '../snapshots.js';
import { lookUpVolume } from '../volumes.js';

/** Lists the snapshots that a controller knows, or those of one volume. */
export async function listStraight(
  output: Output,
  endpoint: string,
  volume: string | undefined,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  await using plugin = openPlugin(endpoint);
  const source =
    volume === undefined
      ? undefined
      : await output.progress('Looking the volume up', sourceId(plugin, volume));
  const snapshots = await output.progress('ListSnapshots', listSnapshots(plugin, secrets, source));
  await output.data(snapshots, () =>
    snapshots.length === 0 ? 'No snapshots' : snapshotTable(snapshots),
  );
}

/** A volume that is deleted has a handle still, and no name. */
async function sourceId(plugin: Plugin, text: string): Promise<string> {
  if (text.includes('/')) return text;
  const volume = await lookUpVolume(plugin, text);
  if (volume !== undefined) return volume.id;
  throw new CommandError(`volume "${text}" does not exist`, {
    code: 'NOT_FOUND',
    remedy: 'Where it is deleted, give the ID that it had: `pannier snapshot list` shows it.',
  });
}
