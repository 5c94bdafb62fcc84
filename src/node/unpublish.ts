import { lstat, rmdir, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isReaderOnly } from '../volume/capability.js';
import type { NodeVolumes } from '../volume/node.js';
import { findMapping, type NodeContext } from './context.js';
import { pathsOf, unmountAll } from './mount.js';
import { canonical, mountAt, readMounts } from './mountinfo.js';
import type { StageRecord } from './records.js';

type UnpublishRequest = Parameters<NodeVolumes['unpublish']>[0];

/**
 * NodeUnpublishVolume: takes down what is at the target, known or not, unless it is another volume's. The target is
 * removed where the publication made it, and only an empty directory or file: what someone else put there is theirs.
 */
export async function unpublish(context: NodeContext, request: UnpublishRequest): Promise<void> {
  const { volumeId } = request;
  const path = resolve(request.targetPath);
  const where = await canonical(path);
  await context.records.mustBeWritable();
  if (await isAnothers(context, volumeId, path)) return;

  const found = await findMapping(context, volumeId);
  const records = await context.records.ofVolume(volumeId);
  const known = records.flatMap(({ targets }) => targets).find((target) => target.path === path);
  const mounted = mountAt(readMounts(), where) !== undefined;
  if (mounted)
    await context.effect('unpublish/unbind-target', () =>
      unmountAll(volumeId, where, found?.mapping.alive === false),
    );
  const made = known === undefined ? mounted : known.existed !== true;
  if (made) await removeTarget(context, volumeId, where);
  for (const record of records) {
    const targets = record.targets.filter((target) => target.path !== path);
    if (targets.length === record.targets.length) continue;
    await detachUnused(context, record);
    await context.effect('unpublish/forget-publish', () =>
      context.records.write({ ...record, targets }),
    );
  }
}

/** Removes an unmounted target that a publication made, where nobody put anything there. */
export async function removeTarget(
  context: NodeContext,
  volumeId: string,
  where: string,
): Promise<void> {
  const kind = await lstat(where).catch(() => undefined);
  if (kind?.isDirectory() || (kind?.isFile() && kind.size === 0))
    await context.effect('unpublish/remove-target', () =>
      removeEmpty(context, volumeId, where, kind.isDirectory()),
    );
}

/** True where a path is a target or the staging path of another volume. */
async function isAnothers(context: NodeContext, volumeId: string, path: string): Promise<boolean> {
  const records = await context.records.list();
  return records.some(
    (record) =>
      record.volumeId !== volumeId &&
      (record.stagingPath === path || record.targets.some((target) => target.path === path)),
  );
}

async function removeEmpty(
  context: NodeContext,
  volumeId: string,
  where: string,
  isDirectory: boolean,
): Promise<void> {
  try {
    await (isDirectory ? rmdir(where) : unlink(where));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code !== 'ENOTEMPTY') throw error;
    context.log.warn({ volume: volumeId, path: where }, 'the target holds files and is left there');
  }
}

/** A read-only device that was made for read-only targets goes with the last of them. */
async function detachUnused(context: NodeContext, record: StageRecord): Promise<void> {
  const { volumeId, capability } = record;
  const found = await findMapping(context, volumeId);
  if (found === undefined || isReaderOnly(capability.mode)) return;
  const mounts = readMounts();
  for (const device of found.mapping.devices)
    if (device.readonly && pathsOf(mounts, [device]).length === 0)
      await context.effect('unpublish/detach-device', () => found.mapper.detach(volumeId, device));
}
