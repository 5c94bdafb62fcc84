import { parseSnapshotHandle } from '../../volume/snapshot/handle.js';
import type { Output } from '../output.js';
import { openPlugin } from '../plugin.js';
import { lookUpSnapshot, snapshotNotFound } from '../snapshots.js';

/** Deletes a snapshot straight through a controller. */
export async function deleteStraight(
  output: Output,
  endpoint: string,
  id: string,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  await using plugin = openPlugin(endpoint);
  const found = await output.progress('Looking it up', lookUpSnapshot(plugin, id, secrets));
  if (found === undefined && parseSnapshotHandle(id) === undefined) snapshotNotFound(id);
  const snapshotId = found?.id ?? id;
  // Also where no snapshot shows under the handle: one that was never finished does not show either.
  await output.progress(
    'DeleteSnapshot',
    plugin.controller.deleteSnapshot({ snapshotId, secrets: { ...secrets } }),
  );
  if (found === undefined) snapshotNotFound(snapshotId);
  await output.data({ id: snapshotId }, () => `Successfully deleted snapshot "${snapshotId}"!`);
}
