import {
  DEFAULT_FILE_SYSTEM,
  type FileSystem,
  isFileSystem,
  type MountAccess,
} from '../volume/capability.js';
import { fail } from '../volume/errors.js';
import type { VolumeHandle } from '../volume/handle.js';
import { type Cluster, type Image, METADATA_PREFIX } from '../volume/store.js';
import type { NodeContext } from './context.js';
import type { Device } from './device/device.js';
import { findBytes, makeFileSystem, probe } from './filesystem.js';

/**
 * The image metadata key that says, while it holds the image's own id, that a file system is being made and
 * was never mounted. It is kept with the image, so that any node may make it again and none trusts what it
 * remembers of an image that others have used since; the id is there because clones inherit metadata.
 */
const FORMATTING_KEY = `${METADATA_PREFIX}formatting`;

export interface FormatRequest {
  readonly volumeId: string;
  readonly handle: VolumeHandle;
  readonly cluster: Cluster;
  readonly image: Image;
  readonly device: Device;
  readonly sizeBytes: bigint;
  readonly access: MountAccess;
  readonly readerOnly: boolean;
}

/**
 * The file system on a device, which is made where the device is empty. Fails with holds-data where anything
 * else is there, and writes nothing then.
 */
export async function ensureFileSystem(
  context: NodeContext,
  request: FormatRequest,
): Promise<{ type: FileSystem; made: boolean }> {
  const { volumeId, device, sizeBytes, access, readerOnly, image } = request;
  const wanted = isFileSystem(access.fsType) ? access.fsType : undefined;
  const refuse = (problem: string) => fail('holds-data', { volume: volumeId, problem });
  const unfinished = image.metadata.get(FORMATTING_KEY) === image.id;
  if (!unfinished || readerOnly) {
    const content = await probe(volumeId, device.path);
    if (content.kind === 'other') return refuse(`it holds ${content.what}`);
    if (content.kind === 'file system') {
      if (unfinished) return refuse(`its ${content.type} file system was never finished`);
      if (wanted !== undefined && wanted !== content.type)
        return refuse(`it holds ${content.type}, and fs_type asks for ${wanted}`);
      if (!isFileSystem(content.type))
        return refuse(`it holds ${content.type}, which Pannier does not mount`);
      return { type: content.type, made: false };
    }
    const where = await findBytes(volumeId, device.path, sizeBytes);
    if (where !== undefined) return refuse(`${where} holds data that blkid does not know`);
    if (readerOnly) return refuse('it is empty, and a reader-only access mode may not format it');
  }
  const type = wanted ?? DEFAULT_FILE_SYSTEM;
  if (!unfinished)
    await context.effect('stage/begin-format', () => mark(request, undefined, image.id));
  await context.effect('stage/make-fs', () => makeFileSystem(volumeId, device, type));
  await context.effect('stage/end-format', () => mark(request, image.id, undefined));
  return { type, made: true };
}

async function mark(
  { cluster, handle, image, volumeId }: FormatRequest,
  expected: string | undefined,
  next: string | undefined,
): Promise<void> {
  // A mark that was inherited, of another image, is written over.
  const inherited = image.metadata.get(FORMATTING_KEY);
  const outcome = await cluster.swapMetadata(
    handle,
    image.id,
    { [FORMATTING_KEY]: expected ?? inherited },
    { [FORMATTING_KEY]: next },
  );
  if (outcome === 'gone') fail('volume-not-found', { volume: volumeId });
  if (outcome === 'differs') fail('superseded', { volume: volumeId });
}
