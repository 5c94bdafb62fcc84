import { setTimeout as sleep } from 'node:timers/promises';
import { isReaderOnly } from '../volume/capability.js';
import { fail } from '../volume/errors.js';
import { findImage } from '../volume/find.js';
import type { ExpandRequest } from '../volume/node.js';
import { locateVolume, type NodeContext } from './context.js';
import type { Device, Mapper } from './device/device.js';
import { growMounted } from './filesystem.js';
import { typeOf } from './grow.js';
import { canonical } from './mountinfo.js';
import { type AtPath, findAtPath } from './paths.js';
import { mountOf } from './staged.js';

/** A block device is whole sectors: the last bytes of an image that is not are out of reach. */
const SECTOR = 512n;
/** How long the device may take to show an image's new size. */
const REFRESH_LIMIT_MS = 10_000;
const POLL_MS = 100;

/** NodeExpandVolume: the device first, then the file system on it. Answers the volume's size in bytes. */
export async function expand(context: NodeContext, request: ExpandRequest): Promise<bigint> {
  const { volumeId, range } = request;
  const { handle, cluster } = locateVolume(context, volumeId, undefined);
  const at = await findAtPath(context, volumeId, request.volumePath);
  const image = await findImage(cluster, handle);
  if (image === undefined) fail('volume-not-found', { volume: volumeId });
  if (range.requiredBytes > image.sizeBytes)
    fail('capacity-out-of-range', {
      problem: `required_bytes ${range.requiredBytes} is more than the ${image.sizeBytes} bytes that the image has`,
    });
  await context.effect('nodeExpand/refresh-device', () =>
    refresh(volumeId, at.mapper, image.sizeBytes),
  );
  await grow(context, volumeId, at);
  return image.sizeBytes;
}

/** Makes every device of the volume as large as the image. */
async function refresh(volumeId: string, mapper: Mapper, sizeBytes: bigint): Promise<void> {
  const wanted = sizeBytes - (sizeBytes % SECTOR);
  for (const device of (await mapper.find(volumeId))?.devices ?? [])
    await refreshDevice(volumeId, mapper, device, wanted);
}

async function refreshDevice(
  volumeId: string,
  mapper: Mapper,
  device: Device,
  wanted: bigint,
): Promise<void> {
  const end = Date.now() + REFRESH_LIMIT_MS;
  for (;;) {
    const size = await mapper.sizeOf(device);
    if (size >= wanted) return;
    if (Date.now() > end)
      fail('tool-failed', {
        tool: mapper.name,
        volume: volumeId,
        problem: `${device.path} has ${size} bytes, and its image ${wanted}`,
      });
    await mapper.refresh(volumeId, device);
    if ((await mapper.sizeOf(device)) >= wanted) return;
    await sleep(POLL_MS);
  }
}

async function grow(context: NodeContext, volumeId: string, at: AtPath): Promise<void> {
  const { capability, stagingPath } = at.record;
  if (capability.access.kind === 'block' || isReaderOnly(capability.mode)) return;
  // The staging mount is writable even where the target is not.
  const found = await mountOf(stagingPath, { devices: [at.device], alive: true });
  if (found === undefined || found.mount.readonly) return;
  const type = typeOf(volumeId, found.mount.fsType);
  const path = await canonical(stagingPath);
  await context.effect('nodeExpand/grow-fs', () => growMounted(volumeId, at.device, type, path));
}
