import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import type { NodeContext } from './context.js';
import type { Device } from './device/device.js';
import { runTool } from './tool.js';

/** Where the kernel shows each btrfs that is mounted, in whatever namespace, by its UUID. */
const MOUNTED = '/sys/fs/btrfs';

/** The first superblock, which alone is read: its place and its length are both multiples of this. */
const BLOCK = 4096;
const FIRST_SUPERBLOCK = 16;

/** Of the fields of a superblock, where they begin. All numbers are little-endian. */
const AT = {
  checksum: 0x00,
  /** What the checksum is of: from here to the end. */
  checked: 0x20,
  uuid: 0x20,
  flags: 0x38,
  magic: 0x40,
  devices: 0x88,
  incompatible: 0xbc,
  checksumType: 0xc4,
  metadataUuid: 0x23b,
} as const;
const MAGIC = '_BHRfS_M';
const UUID_LENGTH = 16;
const CRC32C = 0;
/** The incompatible feature that a file system's own UUID differs from the one in its metadata; Linux 5.0. */
const METADATA_UUID = 0x400n;
/** From this bit on, a flag says that it is a seed, a dump, or in the middle of another change. */
const SPECIAL_FLAGS = 32n;

/**
 * Gives the btrfs on a device, which is not mounted, a UUID of its own where another one with the same UUID
 * is mounted: a clone beside its source, or the source beside its clone. Kernels before 6.7 refuse to mount
 * it, and later ones give it a UUID that changes with every mount. One that cannot be given another is left
 * to the kernel, which never takes one for the other.
 *
 * `btrfstune -m` is no way to do so: it loses the log, and so what was written and synchronised just before
 * the snapshot was taken ("parent transid verify failed"), and where it is cut short neither the kernel nor
 * btrfstune 6.2 takes the file system any more. The same change of the first superblock alone is one write
 * that happens or does not, and leaves the log. The kernel writes the other superblocks as it commits.
 */
export async function renewUuid(
  context: NodeContext,
  volumeId: string,
  device: Device,
): Promise<void> {
  const superblock = await readSuperblock(volumeId, device);
  if (!(await isTaken(uuidOf(superblock), device))) return;
  const renewed = withUuid(superblock, randomUUID());
  if (renewed === undefined) return;
  context.log.info(
    { volume: volumeId, uuid: uuidOf(superblock), renewed: uuidOf(renewed) },
    'another file system with the same UUID is mounted, so this one gets its own',
  );
  await context.effect('stage/renew-uuid', () => writeSuperblock(volumeId, device, renewed));
}

/** The UUID by which the kernel knows a btrfs, as sysfs writes it. */
export function uuidOf(superblock: Buffer): string {
  return superblock
    .toString('hex', AT.uuid, AT.uuid + UUID_LENGTH)
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** A superblock with another UUID; undefined where it is not one that can be changed in one write. */
export function withUuid(superblock: Buffer, uuid: string): Buffer | undefined {
  if (
    superblock.length !== BLOCK ||
    superblock.toString('latin1', AT.magic, AT.magic + MAGIC.length) !== MAGIC ||
    superblock.readUInt16LE(AT.checksumType) !== CRC32C ||
    superblock.readUInt32LE(AT.checksum) !== crc32c(superblock.subarray(AT.checked)) ||
    superblock.readBigUInt64LE(AT.devices) !== 1n ||
    superblock.readBigUInt64LE(AT.flags) >> SPECIAL_FLAGS !== 0n
  )
    return undefined;
  const renewed = Buffer.from(superblock);
  const incompatible = superblock.readBigUInt64LE(AT.incompatible);
  if ((incompatible & METADATA_UUID) === 0n) {
    // Every block of the metadata has the UUID that it was made with, and keeps it.
    superblock.copy(renewed, AT.metadataUuid, AT.uuid, AT.uuid + UUID_LENGTH);
    renewed.writeBigUInt64LE(incompatible | METADATA_UUID, AT.incompatible);
  }
  renewed.write(uuid.replaceAll('-', ''), AT.uuid, 'hex');
  renewed.writeUInt32LE(crc32c(renewed.subarray(AT.checked)), AT.checksum);
  return renewed;
}

/** True where a btrfs of that UUID is mounted that is on another device. */
async function isTaken(uuid: string, device: Device): Promise<boolean> {
  const devices = await readdir(`${MOUNTED}/${uuid}/devices`).catch((): string[] => []);
  return devices.length > 0 && !devices.includes(basename(device.path));
}

async function readSuperblock(volume: string, { path }: Device): Promise<Buffer> {
  const args = [`if=${path}`, `skip=${FIRST_SUPERBLOCK}`, 'iflag=direct'];
  const { stdout } = await runTool('dd', [...args, ...ONE_BLOCK], { volume, encoding: 'latin1' });
  return Buffer.from(stdout, 'latin1');
}

async function writeSuperblock(volume: string, { path }: Device, input: Buffer): Promise<void> {
  const args = [`of=${path}`, `seek=${FIRST_SUPERBLOCK}`, 'iflag=fullblock', 'oflag=direct'];
  await runTool('dd', [...args, 'conv=notrunc,fsync', ...ONE_BLOCK], { volume, input });
}

const ONE_BLOCK = [`bs=${BLOCK}`, 'count=1', 'status=none'];

/** CRC-32C (Castagnoli), which zlib does not have. */
function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
