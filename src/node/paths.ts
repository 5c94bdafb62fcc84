import { resolve } from 'node:path';
import type { Capability } from '../volume/capability.js';
import { fail } from '../volume/errors.js';
import { findMapping, type NodeContext } from './context.js';
import type { Device, Mapper } from './device/device.js';
import { canonical, type Mount } from './mountinfo.js';
import type { StageRecord } from './records.js';
import { mountOf, stagedDevice } from './staged.js';

/** A volume at one of its paths. */
export interface AtPath {
  readonly record: StageRecord;
  readonly mapper: Mapper;
  readonly device: Device;
  readonly capability: Capability;
  /** The path as mountinfo shows it. */
  readonly path: string;
  /** Undefined at the staging path of a block volume, where nothing is mounted. */
  readonly mount: Mount | undefined;
}

/**
 * Finds a volume at a staging or target path. Fails with path-not-found where it is not there, and with
 * device-gone where what serves it has died.
 */
export async function findAtPath(
  context: NodeContext,
  volumeId: string,
  volumePath: string,
): Promise<AtPath> {
  const path = resolve(volumePath);
  const record = (await context.records.ofVolume(volumeId)).find(
    ({ stagingPath, targets }) =>
      stagingPath === path || targets.some((target) => target.path === path),
  );
  if (record === undefined) return fail('path-not-found', { volume: volumeId, path });
  const found = await findMapping(context, volumeId);
  if (found === undefined) return fail('path-not-found', { volume: volumeId, path });
  const { mapper, mapping } = found;
  if (!mapping.alive)
    fail('device-gone', { volume: volumeId, problem: 'what serves it has ended' });
  const { capability } = record;
  const shown = await mountOf(path, mapping);
  const device =
    shown?.device ?? (await blockDevice(record, path, () => stagedDevice(record, mapping)));
  if (device === undefined) return fail('path-not-found', { volume: volumeId, path });
  return { record, mapper, device, capability, path: await canonical(path), mount: shown?.mount };
}

/** A block volume is at its staging path without a mount. */
async function blockDevice(
  { capability, stagingPath }: StageRecord,
  path: string,
  staged: () => Promise<Device | undefined>,
): Promise<Device | undefined> {
  return capability.access.kind === 'block' && stagingPath === path ? staged() : undefined;
}
