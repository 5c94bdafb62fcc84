import { VolumeError } from './errors.js';
import type { Cluster, Image, ImageSpec } from './store.js';

/**
 * The image that a handle or a record names, or undefined. One whose pool is gone is gone too: only a pool that
 * a request asks for by name is a mistake in the request.
 */
export async function findImage(cluster: Cluster, spec: ImageSpec): Promise<Image | undefined> {
  try {
    return await cluster.readImage(spec);
  } catch (error) {
    if (error instanceof VolumeError && error.kind === 'unknown-pool') return undefined;
    throw error;
  }
}
