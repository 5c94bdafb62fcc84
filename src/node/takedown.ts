import { fail } from '../volume/errors.js';
import { findMapping, type NodeContext } from './context.js';
import type { Mapping } from './device/device.js';
import { pathsOf, shows, unmountAll } from './mount.js';
import { canonical, mountAt, readMounts } from './mountinfo.js';
import type { StageRecord } from './records.js';
import { stagedElsewhere } from './staged.js';

/**
 * Takes down what a volume has at a staging path, from what the kernel shows alone: the image and the cluster
 * may be gone. The mapping stays where the volume is staged at another path too. Fails with volume-in-use,
 * and has undone nothing then, where the volume is still mounted elsewhere: Nomad may unstage a volume that
 * another allocation uses.
 */
export async function takeDown(
  context: NodeContext,
  volumeId: string,
  stagingPath: string,
): Promise<void> {
  const where = await canonical(stagingPath);
  const found = await findMapping(context, volumeId);
  const others = await stagedElsewhere(context, volumeId, stagingPath, found?.mapping);
  const dead = found?.mapping.alive === false;
  if (dead) context.died.set(volumeId, new Date());
  else if (found !== undefined) await refuseUsers(volumeId, where, others, found.mapping);

  if (await isOurs(context, volumeId, where, found?.mapping))
    await context.effect('unstage/unmount-staging', () => unmountAll(volumeId, where, dead));
  if (found === undefined) {
    for (const mapper of context.mappers) await mapper.unmap(volumeId);
  } else if (others.length === 0) {
    if (dead)
      for (const path of pathsOf(readMounts(), found.mapping.devices))
        await unmountAll(volumeId, path, true);
    await found.mapper.unmap(volumeId);
  }
}

/** Paths of the volume's that belong to no other staging path are targets that were never unpublished. */
async function refuseUsers(
  volumeId: string,
  where: string,
  others: readonly StageRecord[],
  mapping: Mapping,
): Promise<void> {
  const explained = await Promise.all(
    others.flatMap(({ stagingPath, targets }) =>
      [stagingPath, ...targets.map(({ path }) => path)].map(canonical),
    ),
  );
  const users = pathsOf(readMounts(), mapping.devices).filter(
    (path) => path !== where && !explained.includes(path),
  );
  if (users.length > 0) fail('volume-in-use', { volume: volumeId, users: users.join(', ') });
}

/** True where something is mounted at a path that no other volume of Pannier's has there. */
async function isOurs(
  context: NodeContext,
  volumeId: string,
  path: string,
  mapping: Mapping | undefined,
): Promise<boolean> {
  const mount = mountAt(readMounts(), path);
  if (mount === undefined) return false;
  if (mapping?.devices.some((device) => shows(mount, device))) return true;
  for (const mapper of context.mappers) {
    const owner = await mapper.ownerOf(mount.source);
    if (owner !== undefined && owner !== volumeId) return false;
  }
  return true;
}
