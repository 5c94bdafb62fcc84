import { findImage } from '../volume/find.js';
import { publicationsOf } from '../volume/marks.js';
import { findMapping, type InLine, locateVolume, type NodeContext } from './context.js';
import { processesKeeping, processesUsing } from './holders.js';
import { shows } from './mount.js';
import type { Mount } from './mountinfo.js';
import type { StageRecord } from './records.js';
import { unpublish } from './unpublish.js';
import { unstage } from './unstage.js';

/**
 * Looks for volumes that a controller has taken from this node and that are still here, and takes them down where nobody
 * uses them any more: nobody will say so. Nomad frees a claim where the plugin was away when the allocation ended, and
 * forgets to unpublish with the allocation.
 */
export async function clearAbandoned(
  context: NodeContext,
  inLine: InLine,
  signal: AbortSignal,
): Promise<void> {
  for (const { volumeId, stagingPath } of await context.records.list()) {
    if (signal.aborted) return;
    await lookAt(context, volumeId, stagingPath, inLine).catch((error) =>
      context.log.warn(
        { volume: volumeId, path: stagingPath, problem: String(error) },
        'cannot tell whether a volume is still wanted here, or take it down',
      ),
    );
  }
}

async function lookAt(
  context: NodeContext,
  volumeId: string,
  stagingPath: string,
  inLine: InLine,
): Promise<void> {
  // Asked first without keeping others waiting: Ceph may take its time to answer.
  if ((await findAbandoned(context, volumeId, stagingPath)) === undefined) return;
  await inLine(volumeId, async () => {
    const record = await findAbandoned(context, volumeId, stagingPath);
    if (record === undefined) return;
    const users = await usersOf(context, volumeId);
    if (users.length > 0) {
      context.log.warn(
        { volume: volumeId, path: stagingPath, users },
        'a volume was taken from this node while it is in use here',
      );
      return;
    }
    for (const { path } of record.targets) await unpublish(context, { volumeId, targetPath: path });
    await unstage(context, { volumeId, stagingPath });
    context.log.info(
      { volume: volumeId, path: stagingPath },
      'took down a volume that was taken from this node',
    );
  });
}

/**
 * Who has the volume although nobody should: Nomad may take it from a node for an allocation that is over while another
 * one there has just got it.
 */
async function usersOf(context: NodeContext, volumeId: string): Promise<string[]> {
  const devices = (await findMapping(context, volumeId))?.mapping.devices ?? [];
  const isOurs = (mount: Mount) => devices.some((device) => shows(mount, device));
  const [using, keeping] = await Promise.all([processesUsing(isOurs), processesKeeping(isOurs)]);
  return [...new Set([...using, ...keeping])];
}

/** The record of a volume that a controller had published to this node, and has not any more. */
async function findAbandoned(
  context: NodeContext,
  volumeId: string,
  stagingPath: string,
): Promise<StageRecord | undefined> {
  const record = await context.records.read(volumeId, stagingPath);
  if (record?.claimed !== true) return undefined;
  const { handle, cluster } = locateVolume(context, volumeId, undefined);
  const image = await findImage(cluster, handle);
  const wanted = image?.id !== record.imageId || context.nodeId in publicationsOf(image, handle);
  return wanted ? undefined : record;
}
