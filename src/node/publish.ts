import { lstat, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  allowsSecondTarget,
  isReaderOnly,
  isSingleNode,
  sameCapability,
} from '../volume/capability.js';
import { fail } from '../volume/errors.js';
import { findImage } from '../volume/find.js';
import type { PublishRequest } from '../volume/node.js';
import { findMapping, locateVolume, type NodeContext } from './context.js';
import type { Device, Mapper, Mapping } from './device/device.js';
import { bind, pathsOf, unmountAll } from './mount.js';
import { canonical, mountAt, readMounts } from './mountinfo.js';
import type { StageRecord, Target } from './records.js';
import { difference, mountOf, stagedDevice } from './staged.js';

const FIELD = 'target_path';

interface Staged {
  readonly record: StageRecord;
  readonly device: Device;
  readonly mapper: Mapper;
}

/**
 * NodePublishVolume: shows the staged file system, or the device itself, at the target. What is published is
 * the mount of that very device: a staging path that lost its mount would lead to the node's own disk.
 */
export async function publish(context: NodeContext, request: PublishRequest): Promise<void> {
  const { volumeId, capability } = request;
  const path = resolve(request.targetPath);
  const { record, device, mapper, mapping } = await findStaged(context, request);
  const readonly = request.readonly || isReaderOnly(capability.mode);
  const target: Target = { path, readonly, capability };
  const where = await canonical(path);

  const known = record.targets.find((one) => one.path === path);
  const there = await mountOf(where, mapping);
  if (there !== undefined) {
    const readonlyThere = there.device.readonly || there.mount.readonly;
    refuseDifference(volumeId, target, known ?? { ...target, readonly: readonlyThere });
    if (known !== undefined && isShown(target, there)) return;
    // It is half of a publish that was cut short.
    await context.effect('unpublish/unbind-target', () => unmountAll(volumeId, where, false));
  }
  await refuseSecondTarget(record, mapping, where, target);
  const exists = await checkTarget(where, target);

  // What an earlier try made is not there before; what was mounted was made by one that is forgotten.
  const existed = known === undefined ? exists && there === undefined : known.existed === true;
  const targets = [
    ...record.targets.filter((one) => one.path !== path),
    existed ? { ...target, existed } : target,
  ];
  await context.effect('publish/remember-publish', () =>
    context.records.write({ ...record, targets }),
  );
  const { kind } = capability.access;
  const source =
    kind === 'mount'
      ? await canonical(record.stagingPath)
      : (await deviceFor(context, request, readonly, { record, device, mapper })).path;
  if (!exists) await context.effect('publish/make-target', () => makeTarget(where, kind));
  await context.effect('publish/bind-target', () => bind(volumeId, source, where, readonly));
}

/** The record and the device of a volume that is staged, and serves, at the path that the caller names. */
async function findStaged(
  context: NodeContext,
  request: PublishRequest,
): Promise<Staged & { mapping: Mapping }> {
  const { volumeId: volume, capability } = request;
  const { handle, cluster } = locateVolume(context, volume, undefined);
  if (request.stagingPath === '')
    fail('not-staged', { volume, path: '""', problem: 'staging_target_path is missing' });
  const path = resolve(request.stagingPath);
  const record = await context.records.read(volume, path);
  if (record?.state !== 'staged') {
    if ((await findImage(cluster, handle)) === undefined) fail('volume-not-found', { volume });
    return fail('not-staged', { volume, path, problem: 'it never was, or is not any more' });
  }
  const found = await findMapping(context, volume);
  if (found?.mapping.alive === false)
    fail('device-gone', { volume, problem: 'what serves it has ended' });
  const device = await stagedDevice(record, found?.mapping);
  if (found === undefined || device === undefined)
    return fail('not-staged', { volume, path, problem: 'the path is not the mount of its device' });
  const { access, mode } = record.capability;
  if (access.kind !== capability.access.kind || mode !== capability.mode)
    fail('already-published', {
      volume,
      place: path,
      difference: difference(record.capability, capability),
    });
  return { record, device, ...found };
}

function refuseDifference(volume: string, asked: Target, there: Target): void {
  const words =
    there.readonly !== asked.readonly
      ? `readonly ${there.readonly}`
      : difference(there.capability, asked.capability);
  if (there.readonly !== asked.readonly || !sameCapability(there.capability, asked.capability))
    fail('already-published', { volume, place: asked.path, difference: words });
}

/** True where a mount at the target is what was asked for, and not half of it. */
function isShown(
  { readonly, capability }: Target,
  { mount, device }: NonNullable<Awaited<ReturnType<typeof mountOf>>>,
): boolean {
  if (capability.access.kind === 'block') return device.readonly === readonly;
  return mount.readonly || !readonly;
}

async function refuseSecondTarget(
  record: StageRecord,
  mapping: Mapping,
  where: string,
  { capability }: Target,
): Promise<void> {
  if (allowsSecondTarget(capability.mode)) return;
  const staging = await canonical(record.stagingPath);
  const other = pathsOf(readMounts(), mapping.devices).find(
    (path) => path !== where && path !== staging,
  );
  if (other !== undefined)
    fail('second-target', { volume: record.volumeId, path: other, mode: capability.mode });
}

/** True where the target is there, empty and of the right kind; fails where it is in the way. */
async function checkTarget(where: string, target: Target): Promise<boolean> {
  const occupied = (problem: string) =>
    fail('target-occupied', { field: FIELD, path: where, problem });
  const mount = mountAt(readMounts(), where);
  if (mount !== undefined) return occupied(`has ${mount.source} mounted on it`);
  const parent = await stat(dirname(where)).catch(() => undefined);
  if (!parent?.isDirectory())
    return fail('invalid-field', {
      field: FIELD,
      problem: `${dirname(where)} is not a directory: the caller creates it`,
    });
  const found = await lstat(where).catch(() => undefined);
  if (found === undefined) return false;
  if (target.capability.access.kind === 'block') {
    if (!found.isFile()) return occupied('is not a file');
    return found.size > 0 ? occupied('is a file that holds data') : true;
  }
  if (!found.isDirectory()) return occupied('is not a directory');
  return (await readdir(where)).length > 0 ? occupied('is a directory that holds files') : true;
}

/** The device to show: a read-only target of a writable volume has a read-only device of its own. */
async function deviceFor(
  context: NodeContext,
  { volumeId, capability }: PublishRequest,
  readonly: boolean,
  { record, device, mapper }: Staged,
): Promise<Device> {
  if (device.readonly === readonly) return device;
  const { handle } = locateVolume(context, volumeId, undefined);
  const { imageId } = record;
  const shared = !isSingleNode(capability.mode);
  const credentials = undefined;
  return mapper.map({ volumeId, handle, imageId, credentials, readonly, shared }, 'publish');
}

async function makeTarget(where: string, kind: 'mount' | 'block'): Promise<void> {
  if (kind === 'mount') return void (await mkdir(where, { mode: 0o750 }));
  const file = await open(where, 'wx', 0o640);
  await file.close();
}
