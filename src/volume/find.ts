import { VolumeError } from './errors.js';
import type { Cluster, Image, ImageSpec } from './store.js';

/**
 * The image that a handle or a record names, or undefined. One whose pool is gone is gone too: only a pool that
 * a request asks for by name is a mistake in the request.
 */
export function findImage(cluster: Cluster, spec: ImageSpec): Promise<Image | undefined> {
  return ifAny(cluster.readImage(spec));
}

/** The same for what keeps a name without being an image. */
export function findRemains(cluster: Cluster, spec: ImageSpec): Promise<string | undefined> {
  return ifAny(cluster.findRemains(spec));
}

async function ifAny<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof VolumeError && error.kind === 'unknown-pool') return undefined;
    throw error;
  }
}
