import { findImage } from './find.js';
import {
  formatHandle,
  PATH_MAX_BYTES,
  parseHandle,
  pathBytes,
  type VolumeHandle,
} from './handle.js';
import { isMarkedToGo } from './marks.js';
import { keyOfImageName } from './name.js';
import { ownRecord } from './record.js';
import type { Cluster, Image, Place } from './store.js';

/** An image that Pannier did not create, and that can be used as a volume. */
export interface ForeignImage {
  readonly handle: VolumeHandle;
  readonly image: Image;
}

/** Names of the images of a place that may be foreign ones, behind `after`, in the order of a listing. */
export async function foreignNames(
  cluster: Cluster,
  place: Place,
  after: string,
): Promise<readonly string[]> {
  const names = [...(await cluster.listImages(place)).keys()].filter((name) => name > after);
  return names
    .filter(
      (name) =>
        !name.startsWith('pannier.') && isUsable({ cluster: cluster.name, ...place, image: name }),
    )
    .sort();
}

/** The image of that name, where it is a foreign one: a creation of Pannier's that is not finished is none. */
export async function findForeign(
  cluster: Cluster,
  place: Place,
  name: string,
): Promise<ForeignImage | undefined> {
  const handle = { cluster: cluster.name, ...place, image: name };
  const image = await findImage(cluster, handle);
  if (image === undefined || ownRecord(image) !== undefined || isMarkedToGo(image))
    return undefined;
  const key = keyOfImageName(name);
  // A claim is written before its image, and this is read after the image.
  if (key !== undefined && (await cluster.names.read(key)) !== undefined) return undefined;
  return { handle, image };
}

/** True for an image whose handle can be a volume's id. */
function isUsable(handle: VolumeHandle): boolean {
  const id = formatHandle(handle);
  return parseHandle(id) !== undefined && pathBytes(id) <= PATH_MAX_BYTES;
}
