import { type FileSystem, isFileSystem } from '../volume/capability.js';
import { fail } from '../volume/errors.js';
import type { NodeContext } from './context.js';
import type { Device } from './device/device.js';
import { growMounted, growUnmountedExt4, isExt4Smaller, mayGrowMountedExt4 } from './filesystem.js';

/** Grows an ext4 before it is mounted, where the kernel would refuse to do so afterwards. */
export async function growUnmounted(
  context: NodeContext,
  volumeId: string,
  device: Device,
  type: FileSystem,
  sizeBytes: bigint,
): Promise<void> {
  if (type !== 'ext4' || (await mayGrowMountedExt4())) return;
  if (!(await isExt4Smaller(volumeId, device, sizeBytes))) return;
  await context.effect('stage/grow-unmounted', () => growUnmountedExt4(volumeId, device));
}

/**
 * Grows what was just mounted: the volume may have been expanded while nobody had it staged. Where that is
 * refused (btrfs under 256 MiB), the data is served all the same.
 */
export async function growStaged(
  context: NodeContext,
  volumeId: string,
  device: Device,
  fsType: string,
  path: string,
): Promise<void> {
  const type = typeOf(volumeId, fsType);
  if (type === 'ext4' && !(await mayGrowMountedExt4())) return;
  try {
    await context.effect('stage/grow-mounted', () => growMounted(volumeId, device, type, path));
  } catch (error) {
    context.log.warn(
      { volume: volumeId, problem: String(error) },
      'the file system stays smaller than its volume',
    );
  }
}

/** The file system of a mount of ours. */
export function typeOf(volumeId: string, fsType: string): FileSystem {
  if (isFileSystem(fsType)) return fsType;
  return fail('device-gone', { volume: volumeId, problem: `${fsType} is mounted instead` });
}
