import type { Disk } from '../../mesos/resources.js';
import { askController } from '../inspect/controller.js';
import type { ListedVolume } from '../volumes.js';
import type { AskedPlugin } from './plugins.js';

/** What Ceph has of a disk. 'differs': the image has another size. */
export type ImageState = 'there' | 'differs' | 'missing' | 'not known';

/** Mesos rounds to a thousandth of a mebibyte. */
const ROUNDING = 1n << 11n;

/** Looks a disk up in what plugins list; one that none lists is asked for. */
export async function imageOf(
  { volumeId, sizeBytes }: Disk,
  volumes: readonly ListedVolume[],
  plugins: readonly AskedPlugin[],
): Promise<ImageState> {
  const listed = volumes.find(({ id }) => id === volumeId);
  const size = listed?.capacityBytes ?? (await askSize(volumeId, plugins));
  if (size === undefined) return 'not known';
  if (size === null) return 'missing';
  const difference = size > sizeBytes ? size - sizeBytes : sizeBytes - size;
  return difference > ROUNDING ? 'differs' : 'there';
}

/** The image's size; null where there is none, undefined where nobody can tell. */
async function askSize(
  volumeId: string,
  plugins: readonly AskedPlugin[],
): Promise<bigint | null | undefined> {
  for (const { plugin, problem } of plugins) {
    if (problem !== null) continue;
    const found = await askController(plugin, { volumeId, context: {}, countMs: 0 }).catch(
      () => undefined,
    );
    if (found !== undefined) return found?.image?.sizeBytes ?? null;
  }
  return undefined;
}
