import { type Controller, mustLocate, notFound, type Volume } from './controller.js';
import { fail } from './errors.js';
import { findImage } from './find.js';
import { findForeign, foreignNames } from './foreign.js';
import { parseHandle, type VolumeHandle } from './handle.js';
import { isOwn } from './host.js';
import { publishedNodesOf } from './marks.js';
import { parseRecord, recordOf } from './record.js';
import { parseSource } from './source.js';
import type { Cluster, Clusters, Credentials, Image, Place } from './store.js';

export interface VolumePage {
  readonly volumes: readonly Volume[];
  /** Where the next page begins; undefined at the end. */
  readonly nextToken: string | undefined;
}

/** Index entries read at a time, and images looked at together. */
const BATCH = 128;

/**
 * ListVolumes: the finished volumes in the order of the name index, which does not change while others are
 * created, and behind them the images that the configuration adds. `maxEntries` 0 means all. Where the controller
 * remembers, a listing of all of them answers for each cluster what it said last where it says nothing now.
 */
export async function listVolumes(
  controller: Controller,
  maxEntries: number,
  startingToken: string,
): Promise<VolumePage> {
  const { clusters, remembered } = controller;
  if (remembered !== undefined && maxEntries === 0 && startingToken === '') {
    const ofEach = clusters.names.map((name) =>
      remembered.volumes(name, () => listCluster(controller, name)),
    );
    return { volumes: (await Promise.all(ofEach)).flat(), nextToken: undefined };
  }
  let from = parseToken(clusters, startingToken);
  const volumes: Volume[] = [];
  let nextToken = '';
  for (
    const names = clusters.names;
    from.cluster < names.length;
    from = atStartOf(from.cluster + 1)
  )
    for await (const { volume, token } of volumesFrom(controller, from, maxEntries)) {
      if (maxEntries > 0 && volumes.length === maxEntries) return { volumes, nextToken };
      volumes.push(volume);
      nextToken = token;
    }
  return { volumes, nextToken: undefined };
}

async function listCluster(controller: Controller, name: string): Promise<readonly Volume[]> {
  const volumes: Volume[] = [];
  const from = atStartOf(controller.clusters.names.indexOf(name));
  for await (const { volume } of volumesFrom(controller, from, 0)) volumes.push(volume);
  return volumes;
}

/** Where a listing goes on. */
interface Position {
  /** The cluster's place among the names of all. */
  readonly cluster: number;
  /** The last name index key before; undefined at the start. */
  readonly after: string | undefined;
  /** Where the index is through: the place among those of foreign images, and the last name there. */
  readonly foreign: { readonly place: number; readonly after: string } | undefined;
}

interface Listed {
  readonly volume: Volume;
  /** Where a page goes on behind it. */
  readonly token: string;
}

function atStartOf(cluster: number): Position {
  return { cluster, after: undefined, foreign: undefined };
}

/** The volumes of one cluster, and its foreign images behind them. */
async function* volumesFrom(
  controller: Controller,
  { cluster: position, after, foreign }: Position,
  maxEntries: number,
): AsyncGenerator<Listed> {
  const { clusters } = controller;
  const cluster = clusters.get(clusters.names[position] as string);
  const limit = maxEntries === 0 ? BATCH : Math.min(BATCH, maxEntries + 1);
  if (foreign === undefined) yield* indexed(controller, cluster, after, limit);
  for (const [index, place] of clusters.foreignPlaces(cluster.name).entries()) {
    if (index < (foreign?.place ?? 0)) continue;
    const behind = index === foreign?.place ? foreign.after : '';
    yield* foreignIn(cluster, place, index, behind, limit);
  }
}

async function* indexed(
  controller: Controller,
  cluster: Cluster,
  start: string | undefined,
  limit: number,
): AsyncGenerator<Listed> {
  for (let after = start; ; ) {
    const entries = await cluster.names.list(after, limit);
    const found = await Promise.all(
      entries.map(async ({ key, value }) => ({
        volume: await readEntry(controller, cluster, value),
        token: `volumes/${cluster.name}/${key}`,
      })),
    );
    for (const { volume, token } of found) if (volume !== undefined) yield { volume, token };
    if (entries.length < limit) return;
    after = entries.at(-1)?.key;
  }
}

async function* foreignIn(
  cluster: Cluster,
  place: Place,
  index: number,
  after: string,
  limit: number,
): AsyncGenerator<Listed> {
  const names = await foreignNames(cluster, place, after);
  for (let start = 0; start < names.length; start += limit) {
    const found = await Promise.all(
      names.slice(start, start + limit).map((name) => findForeign(cluster, place, name)),
    );
    for (const one of found)
      if (one !== undefined)
        yield {
          volume: toVolume(one.handle, one.image),
          token: `images/${cluster.name}/${index}/${one.handle.image}`,
        };
  }
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

async function readEntry(
  controller: Controller,
  cluster: Cluster,
  value: string,
): Promise<Volume | undefined> {
  const listed = parseRecord(value);
  const handle = listed && parseHandle(listed.handle);
  if (listed === undefined || handle === undefined || !isOwn(controller, listed)) return undefined;
  const image = await findImage(cluster, handle);
  if (image === undefined) return undefined;
  const record = recordOf(image, handle);
  if (record === undefined || !isOwn(controller, record)) return undefined;
  const volume = toVolume(handle, image);
  // Who keeps hosts apart is Mesos, which grows nothing, and takes another size for another disk.
  return controller.host === undefined
    ? volume
    : { ...volume, sizeBytes: BigInt(record.sizeBytes) };
}

function toVolume(handle: VolumeHandle, image: Image): Volume {
  const record = recordOf(image, handle);
  return {
    handle,
    name: record?.name ?? '',
    host: record?.host,
    sizeBytes: image.sizeBytes,
    publishedNodes: publishedNodesOf(image),
    source: record && parseSource(record.source),
  };
}

/**
 * A token is the cluster and the last name index key of the page before, `volumes/cluster/key`; or, among foreign
 * images, their place and the last name, `images/cluster/0/name`.
 */
function parseToken({ names, foreignPlaces }: Clusters, token: string): Position {
  if (token === '') return atStartOf(0);
  const match =
    /^volumes\/([^/]+)\/([a-z2-7]{20})$/.exec(token) ??
    /^images\/([^/]+)\/(?<place>\d{1,3})\/([^/@\n]+)$/.exec(token);
  const cluster = names.indexOf(match?.[1] ?? '');
  if (match === null || cluster < 0) return fail('bad-token', { token });
  if (match.groups?.place === undefined) return { ...atStartOf(cluster), after: match[2] };
  const place = Number(match.groups.place);
  if (place >= foreignPlaces(match[1] as string).length) return fail('bad-token', { token });
  return { ...atStartOf(cluster), foreign: { place, after: match[3] ?? '' } };
}
