import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type Capability,
  isReaderOnly,
  isSingleNode,
  sameCapability,
} from '../volume/capability.js';
import { fail } from '../volume/errors.js';
import { findImage } from '../volume/find.js';
import type { VolumeHandle } from '../volume/handle.js';
import { isBeingDeleted, publishedNodesOf } from '../volume/marks.js';
import type { StageRequest } from '../volume/node.js';
import type { Cluster, Image } from '../volume/store.js';
import { renewUuid } from './btrfs.js';
import { findMapping, locateVolume, type NodeContext } from './context.js';
import type { Device, Mapper, Mapping } from './device/device.js';
import { ensureFileSystem } from './format.js';
import { growStaged, growUnmounted, typeOf } from './grow.js';
import { mountDevice, shows } from './mount.js';
import { canonical, mountAt, readMounts } from './mountinfo.js';
import { checkMountFlags, mountOptions } from './options.js';
import type { StageRecord } from './records.js';
import { difference, stagedDevice, stagedElsewhere } from './staged.js';
import { takeDown } from './takedown.js';
import { claimAgain, vacate } from './vacated.js';
import { waitForStrangers } from './watchers.js';

/** What one call works with. */
interface Staging {
  readonly volumeId: string;
  readonly stagingPath: string;
  /** The staging path as mountinfo shows it. */
  readonly where: string;
  readonly capability: Capability;
  readonly handle: VolumeHandle;
  readonly cluster: Cluster;
  readonly image: Image;
}

/**
 * NodeStageVolume. It is written down before it is begun, and what an earlier call left is taken over where
 * it still serves, or taken down. A call that fails takes down what it made.
 */
export async function stage(context: NodeContext, request: StageRequest): Promise<void> {
  const { volumeId, capability, credentials } = request;
  const stagingPath = resolve(request.stagingPath);
  const { handle, cluster } = locateVolume(context, volumeId, credentials);
  checkMountFlags(capability);

  const record = await context.records.read(volumeId, stagingPath);
  if (await isStaged(context, record, capability)) return;
  const image = await findImage(cluster, handle);
  if (image === undefined) fail('volume-not-found', { volume: volumeId });
  if (isBeingDeleted(image)) fail('being-deleted', { volume: volumeId });
  await refuseOtherStaging(context, volumeId, stagingPath, capability);
  const where = await canonical(stagingPath);
  await checkStagingPath(context, volumeId, where, capability);

  const staging = { volumeId, stagingPath, where, capability, handle, cluster, image };
  const { mapper, mapping } = await startingPoint(context, staging, record);
  if (isSingleNode(capability.mode)) {
    const died = record !== undefined || context.died.has(volumeId);
    const own = mapping === undefined ? 0 : 1;
    await waitForStrangers(cluster, { volumeId, handle, image }, own, died);
    context.died.delete(volumeId);
  }

  const next: StageRecord = {
    version: 1,
    volumeId,
    stagingPath,
    imageId: image.id,
    capability,
    mapper: mapper.name,
    state: 'staging',
    targets: record?.targets ?? [],
    ...(publishedNodesOf(image).includes(context.nodeId) ? { claimed: true } : {}),
  };
  await context.effect('stage/remember-stage', () => context.records.write(next));
  try {
    await claimAgain(context, staging, image);
    const readonly = isReaderOnly(capability.mode);
    const shared = !isSingleNode(capability.mode);
    const device = await mapper.map(
      { volumeId, handle, imageId: image.id, credentials, readonly, shared },
      'stage',
    );
    await claimAgain(context, staging, await refuseDeleted(staging));
    if (mapping !== undefined) await mapper.refresh(volumeId, device);
    if (capability.access.kind === 'mount') await mount(context, staging, mapper, device);
  } catch (error) {
    await rollBack(context, volumeId, stagingPath);
    throw error;
  }
  await context.effect('stage/remember-staged', () =>
    context.records.write({ ...next, state: 'staged' }),
  );
}

/**
 * Looks once more, now that the device keeps others from deleting the image: a deletion marks it before it looks
 * who has it open, so that of the two at least one sees the other.
 */
async function refuseDeleted({ cluster, handle, volumeId, image }: Staging): Promise<Image> {
  const now = await findImage(cluster, handle);
  if (now?.id !== image.id || isBeingDeleted(now)) fail('being-deleted', { volume: volumeId });
  return now;
}

/** True where this very call was finished before; throws where another one was. */
async function isStaged(
  context: NodeContext,
  record: StageRecord | undefined,
  capability: Capability,
): Promise<boolean> {
  if (record?.state !== 'staged') return false;
  const { volumeId, stagingPath } = record;
  const mapping = (await findMapping(context, volumeId))?.mapping;
  if ((await stagedDevice(record, mapping)) === undefined) return false;
  if (sameCapability(record.capability, capability)) return true;
  return fail('already-published', {
    volume: volumeId,
    place: stagingPath,
    difference: difference(record.capability, capability),
  });
}

/** A second staging path shares the device, so it must ask for the same use of it. */
async function refuseOtherStaging(
  context: NodeContext,
  volumeId: string,
  stagingPath: string,
  capability: Capability,
): Promise<void> {
  const mapping = (await findMapping(context, volumeId))?.mapping;
  for (const other of await stagedElsewhere(context, volumeId, stagingPath, mapping))
    if (!sameCapability(other.capability, capability))
      fail('volume-in-use', { volume: volumeId, users: `staging path ${other.stagingPath}` });
}

async function checkStagingPath(
  context: NodeContext,
  volumeId: string,
  where: string,
  capability: Capability,
): Promise<void> {
  const field = 'staging_target_path';
  const mount = mountAt(readMounts(), where);
  if (mount !== undefined) {
    const mapping = (await findMapping(context, volumeId))?.mapping;
    if (!mapping?.devices.some((device) => shows(mount, device)))
      fail('target-occupied', { field, path: where, problem: `has ${mount.source} mounted on it` });
    return;
  }
  if (capability.access.kind === 'block') return;
  const found = await stat(where).catch(() => undefined);
  if (found === undefined)
    fail('invalid-field', { field, problem: `${where} does not exist: the caller creates it` });
  if (!found.isDirectory())
    fail('target-occupied', { field, path: where, problem: 'is not a directory' });
}

/** What is there already and serves; anything else of the volume's is taken down. */
async function startingPoint(
  context: NodeContext,
  { volumeId, stagingPath, where, image, capability }: Staging,
  record: StageRecord | undefined,
): Promise<{ mapper: Mapper; mapping: Mapping | undefined }> {
  const found = await findMapping(context, volumeId);
  if (found !== undefined) {
    const records = await context.records.ofVolume(volumeId);
    const known = records.some(({ imageId }) => imageId === image.id);
    const same = record === undefined || sameCapability(record.capability, capability);
    const mount = mountAt(readMounts(), where);
    const fits = found.mapping.devices.find(
      (one) => one.readonly === isReaderOnly(capability.mode),
    );
    const right = mount === undefined || (fits !== undefined && shows(mount, fits));
    if (found.mapping.alive && known && same && right) return found;
  }
  if (found !== undefined || record !== undefined) await takeDown(context, volumeId, stagingPath);
  const left = await findMapping(context, volumeId);
  if (left !== undefined)
    fail('volume-in-use', {
      volume: volumeId,
      users: 'another staging path, with a device that died',
    });
  return { mapper: await context.chooseMapper(), mapping: undefined };
}

/** Formats where that is needed, grows, mounts; each of it only where it is not done yet. */
async function mount(
  context: NodeContext,
  { volumeId, handle, cluster, image, capability, where }: Staging,
  mapper: Mapper,
  device: Device,
): Promise<void> {
  const { access, mode } = capability;
  if (access.kind === 'block') return;
  const readerOnly = isReaderOnly(mode);
  const sizeBytes = await mapper.sizeOf(device);
  const mounts = readMounts();
  const there = mountAt(mounts, where);
  if (there !== undefined && shows(there, device)) {
    if (!there.readonly) await growStaged(context, volumeId, device, there.fsType, where);
    return;
  }
  const inUse = mounts.find((one) => shows(one, device));
  const format = { volumeId, handle, cluster, image, device, sizeBytes, access, readerOnly };
  const { type, made } =
    inUse === undefined
      ? await ensureFileSystem(context, format)
      : { type: typeOf(volumeId, inUse.fsType), made: true };
  if (!made && !readerOnly) {
    if (type === 'btrfs') await renewUuid(context, volumeId, device);
    await growUnmounted(context, volumeId, device, type, sizeBytes);
  }
  const options = mountOptions(type, access.mountFlags, readerOnly);
  await context.effect('stage/mount-staging', () =>
    mountDevice(volumeId, device, type, options, access.mountFlags, where),
  );
  const now = mountAt(readMounts(), where);
  if (!made && now?.readonly === false) await growStaged(context, volumeId, device, type, where);
}

/** Leaves nothing of a call that failed; what cannot be taken down now, the next call or unstage will. */
async function rollBack(
  context: NodeContext,
  volumeId: string,
  stagingPath: string,
): Promise<void> {
  try {
    await takeDown(context, volumeId, stagingPath);
    const record = await context.records.read(volumeId, stagingPath);
    if (record !== undefined) await vacate(context, record);
    await context.effect('unstage/forget-stage', () =>
      context.records.remove(volumeId, stagingPath),
    );
  } catch (error) {
    context.log.warn(
      { volume: volumeId, problem: String(error) },
      'a failed stage could not be taken down whole',
    );
  }
}
