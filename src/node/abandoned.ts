import { setTimeout as sleep } from 'node:timers/promises';
import { findImage } from '../volume/find.js';
import { publicationsOf } from '../volume/marks.js';
import { locateVolume, type NodeContext } from './context.js';
import type { StageRecord } from './records.js';
import { unpublish } from './unpublish.js';
import { unstage } from './unstage.js';

const PERIOD_MS = 30_000;

/** Does something with a volume once the calls for it that came before have ended. */
export type InLine = (volumeId: string, action: () => Promise<void>) => Promise<void>;

/**
 * Looks again and again for volumes that a controller has taken from this node and that are still here, and takes them
 * down: nobody uses them any more, and nobody will say so. Nomad frees a claim where the plugin was away when the
 * allocation ended, and forgets to unpublish with the allocation. What is returned ends it.
 */
export function clearAbandoned(context: NodeContext, inLine: InLine): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  const look = async () => {
    for (; !signal.aborted; await sleep(PERIOD_MS, undefined, { signal, ref: false }))
      for (const { volumeId, stagingPath } of await context.records.list()) {
        if (signal.aborted) return;
        await lookAt(context, volumeId, stagingPath, inLine).catch((error) =>
          context.log.warn(
            { volume: volumeId, path: stagingPath, problem: String(error) },
            'cannot tell whether a volume is still wanted here, or take it down',
          ),
        );
      }
  };
  look().catch((error: unknown) => {
    if (!signal.aborted)
      context.log.error({ error: String(error) }, 'abandoned volumes are not looked for any more');
  });
  return () => ended.abort();
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
    for (const { path } of record.targets) await unpublish(context, { volumeId, targetPath: path });
    await unstage(context, { volumeId, stagingPath });
    context.log.info(
      { volume: volumeId, path: stagingPath },
      'took down a volume that was taken from this node',
    );
  });
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
