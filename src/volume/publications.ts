import { type AccessMode, isReaderOnly, isSingleNode } from './capability.js';
import { fail } from './errors.js';
import { formatHandle, type VolumeHandle } from './handle.js';
import {
  DELETING_KEY,
  formatPublications,
  PUBLISHED_KEY,
  type Publication,
  type Publications,
} from './marks.js';
import { RECORD_KEY } from './record.js';
import type { Cluster, Image, Swapped } from './store.js';

/** Changes where an image is published, if its publications, marks and record are still what `image` has. */
export function swapPublications(
  cluster: Cluster,
  handle: VolumeHandle,
  image: Image,
  next: Publications,
): Promise<Swapped | 'gone'> {
  return cluster.swapMetadata(
    handle,
    image.id,
    {
      [PUBLISHED_KEY]: image.metadata.get(PUBLISHED_KEY),
      [DELETING_KEY]: image.metadata.get(DELETING_KEY),
      // Its host may be another one by now.
      [RECORD_KEY]: image.metadata.get(RECORD_KEY),
    },
    { [PUBLISHED_KEY]: formatPublications(image, next) },
  );
}

/**
 * One writer is one writer: fails with published-elsewhere where the publications on other nodes leave no room for
 * this one.
 */
export function refuseConflict(
  handle: VolumeHandle,
  others: Publications,
  wanted: Publication,
): void {
  for (const [node, other] of Object.entries(others)) {
    const mode = conflict(wanted, other);
    if (mode !== undefined)
      fail('published-elsewhere', { volume: formatHandle(handle), node, mode });
  }
}

/** The access mode that keeps two publications on different nodes apart, if one does. */
function conflict(wanted: Publication, other: Publication): AccessMode | undefined {
  if (isSingleNode(wanted.mode)) return wanted.mode;
  if (isSingleNode(other.mode)) return other.mode;
  const writers = [wanted, other].filter((one) => !one.readonly && !isReaderOnly(one.mode));
  const limited = writers.find((one) => one.mode !== 'MULTI_NODE_MULTI_WRITER');
  if (limited !== undefined && writers.length > 1) return limited.mode;
  if (writers.length > 0 && [wanted, other].some((one) => one.mode === 'MULTI_NODE_READER_ONLY'))
    return 'MULTI_NODE_READER_ONLY';
  return undefined;
}
