import { type Controller, mustLocate, notFound, type Volume } from './controller.js';
import { fail } from './errors.js';
import { findImage } from './find.js';
import { parseHandle, type VolumeHandle } from './handle.js';
import { publishedNodesOf } from './marks.js';
import { readParameters } from './parameters.js';
import { parseRecord, recordOf } from './record.js';
import { parseSource } from './source.js';
import type { Cluster, Credentials, Image } from './store.js';

export interface VolumePage {
  readonly volumes: readonly Volume[];
  /** Where the next page begins; undefined at the end. */
  readonly nextToken: string | undefined;
}

/** Index entries read at a time, and images looked at together. */
const BATCH = 128;

/**
 * ListVolumes: the finished volumes in the order of the name index, which does not change while others are
 * created. `maxEntries` 0 means all.
 */
export async function listVolumes(
  controller: Controller,
  maxEntries: number,
  startingToken: string,
): Promise<VolumePage> {
  const names = controller.clusters.names;
  let { cluster: position, after } = parseToken(names, startingToken);
  const volumes: Volume[] = [];
  while (position < names.length) {
    const cluster = controller.clusters.get(names[position] as string);
    const limit = maxEntries === 0 ? BATCH : Math.min(BATCH, maxEntries - volumes.length + 1);
    const entries = await cluster.names.list(after, limit);
    const found = await Promise.all(
      entries.map(async ({ key, value }) => ({ key, volume: await readEntry(cluster, value) })),
    );
    for (const { key, volume } of found) {
      if (volume !== undefined) {
        if (maxEntries > 0 && volumes.length === maxEntries)
          return { volumes, nextToken: `volumes/${cluster.name}/${after ?? ''}` };
        volumes.push(volume);
      }
      after = key;
    }
    if (entries.length < limit) {
      position++;
      after = undefined;
    }
  }
  return { volumes, nextToken: undefined };
}

/** ControllerGetVolume. */
export async function getVolume(
  controller: Controller,
  volumeId: string,
  credentials?: Credentials,
): Promise<Volume> {
  const { handle, cluster } = mustLocate(controller, volumeId, credentials);
  const image = await findImage(cluster, handle);
  return image === undefined ? notFound(handle) : toVolume(handle, image);
}

/** GetCapacity: what the pool that the parameters name can still take, in bytes. */
export async function getCapacity(
  controller: Controller,
  given: Readonly<Record<string, string>>,
): Promise<bigint> {
  const { cluster, pool, dataPool } = readParameters(given, controller.clusters);
  const { availableBytes } = await controller.clusters.get(cluster).capacity(dataPool ?? pool);
  return availableBytes;
}

async function readEntry(cluster: Cluster, value: string): Promise<Volume | undefined> {
  const record = parseRecord(value);
  const handle = record && parseHandle(record.handle);
  if (handle === undefined) return undefined;
  const image = await findImage(cluster, handle);
  if (image === undefined || recordOf(image, handle) === undefined) return undefined;
  return toVolume(handle, image);
}

function toVolume(handle: VolumeHandle, image: Image): Volume {
  const record = recordOf(image, handle);
  return {
    handle,
    name: record?.name ?? '',
    sizeBytes: image.sizeBytes,
    publishedNodes: publishedNodesOf(image),
    source: record && parseSource(record.source),
  };
}

/** A token is the cluster and the last name index key of the page before: `volumes/cluster/key`. */
function parseToken(
  names: readonly string[],
  token: string,
): { cluster: number; after: string | undefined } {
  if (token === '') return { cluster: 0, after: undefined };
  const match = /^volumes\/([^/]+)\/([a-z2-7]{20})?$/.exec(token);
  const cluster = names.indexOf(match?.[1] ?? '');
  if (match === null || cluster < 0) fail('bad-token', { token });
  return { cluster, after: match[2] };
}
