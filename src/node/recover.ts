import { findMapping, type NodeContext } from './context.js';
import { pathsOf } from './mount.js';
import { canonical, mountAt, readMounts } from './mountinfo.js';
import type { StageRecord } from './records.js';
import { removeTarget } from './unpublish.js';
import { vacate } from './vacated.js';

/**
 * What a plugin does when it starts: live mounts are left alone, what a reboot took away is forgotten, and a
 * mapping is taken down where no record and no mount knows it. A stage that was cut short is left for the
 * next call, which takes it over or takes it down.
 */
export async function recover(context: NodeContext): Promise<void> {
  await context.records.removeTemporary();
  for (const record of await context.records.list()) await lookAfter(context, record);
  const known = new Set((await context.records.list()).map(({ volumeId }) => volumeId));
  for (const mapper of context.mappers)
    for (const volumeId of await mapper.list()) {
      if (known.has(volumeId)) continue;
      const devices = (await mapper.find(volumeId))?.devices ?? [];
      if (pathsOf(readMounts(), devices).length > 0) continue;
      try {
        await mapper.unmap(volumeId);
        context.log.info({ volume: volumeId }, 'took down a mapping that nothing used');
      } catch (error) {
        context.log.warn(
          { volume: volumeId, problem: String(error) },
          'a mapping that nothing knows is in use',
        );
      }
    }
}

async function lookAfter(context: NodeContext, record: StageRecord): Promise<void> {
  const { volumeId, stagingPath, targets } = record;
  const found = await findMapping(context, volumeId);
  if (found !== undefined) {
    if (!found.mapping.alive)
      context.log.warn(
        { volume: volumeId, path: stagingPath },
        'what served the volume has ended: unpublish and unstage it',
      );
    return;
  }
  const mounts = readMounts();
  const paths = await Promise.all([stagingPath, ...targets.map(({ path }) => path)].map(canonical));
  if (paths.some((path) => mountAt(mounts, path) !== undefined)) return;
  // Its Ceph client went with the reboot, but the cluster may not know yet.
  context.died.set(volumeId, new Date());
  // The next publication would take them for the caller's own, and leave them when it ends.
  for (const { path, existed } of targets)
    if (existed !== true) await removeTarget(context, volumeId, await canonical(path));
  await vacate(context, record);
  await context.records.remove(volumeId, stagingPath);
}
