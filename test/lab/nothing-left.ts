import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openClusters } from '../../src/rbd/clusters.js';
import { tombstoneOf } from '../../src/volume/delete/tombstone.js';
import type { Cluster, Place } from '../../src/volume/store.js';
import type { LabCeph } from './ceph.js';
import { loopsBelow, mountsBelow } from './folder.js';

/**
 * How long nothing may come of the background work: it is taken over when the lock of a controller that died runs out
 * after 10 s, and looked for every 5 s.
 */
const WORK_LIMIT_MS = 60_000;
const TRIM_LIMIT_MS = 60_000;

/**
 * What is left of volumes in the plugin's pool, in further pools that they are in, and on a node, by kind; all empty
 * where nothing is. Work goes on in the background, so what is left to do is given some time.
 */
export async function whatIsLeft(
  ceph: LabCeph,
  folder: string,
  furtherPools: readonly string[] = [],
): Promise<Record<string, readonly unknown[]>> {
  const clusters = openClusters([ceph.settings]);
  const places = [ceph.pool, ...furtherPools].map((pool) => ({ pool, namespace: '' }));
  try {
    const cluster = clusters.get(ceph.name);
    let pending = await pendingIn(cluster, places);
    let limit = Date.now() + WORK_LIMIT_MS;
    while (countOf(pending) > 0 && Date.now() < limit) {
      await sleep(100);
      const now = await pendingIn(cluster, places);
      if (countOf(now) < countOf(pending)) limit = Date.now() + WORK_LIMIT_MS;
      pending = now;
    }
    const look = () => Promise.all(places.map((place) => inPool(ceph, cluster, place)));
    let inPools = await look();
    // Data that a snapshot had is listed until the OSDs have trimmed it.
    for (const end = Date.now() + TRIM_LIMIT_MS; Date.now() < end; inPools = await look()) {
      if (inPools.every(({ objects }) => objects.length === 0)) break;
      await sleep(500);
    }
    return {
      images: inPools.flatMap(({ images }) => images),
      tombstones: inPools.flatMap(({ tombstones }) => tombstones),
      imageSnapshots: inPools.flatMap(({ snapshots }) => snapshots),
      objects: inPools.flatMap(({ objects }) => objects),
      ...pending,
      names: await cluster.names.list(undefined, 10_000),
      snapshots: await cluster.snapshotNames.list(undefined, 10_000),
      mounts: mountsBelow(folder),
      loops: loopsBelow(folder),
      // What a node remembers for some seconds, of what it has not any more, ends by itself.
      state: filesBelow(folder, 'state').filter((path) => !path.includes('/vacated/')),
    };
  } finally {
    await clusters.close();
  }
}

export const NOTHING = {
  images: [],
  tombstones: [],
  imageSnapshots: [],
  objects: [],
  trash: [],
  tasks: [],
  names: [],
  snapshots: [],
  mounts: [],
  loops: [],
  state: [],
};

type Pending = Record<'trash' | 'tasks', readonly unknown[]>;

/** What the background work is to take away. */
async function pendingIn(cluster: Cluster, places: readonly Place[]): Promise<Pending> {
  const tasks = await Promise.all([cluster.names.listTasks(), cluster.snapshotNames.listTasks()]);
  const trash = await Promise.all(places.map((place) => cluster.listTrash(place)));
  return { trash: trash.flat(), tasks: tasks.flat() };
}

function countOf({ trash, tasks }: Pending): number {
  return trash.length + tasks.length;
}

/** What RBD has in a pool: images by name, snapshots in RBD's own name spaces too, and objects of no image. */
async function inPool(ceph: LabCeph, cluster: Cluster, place: Place) {
  const named = await cluster.listImages(place);
  const ids = [...named.values(), ...(await cluster.listTrash(place)).map(({ id }) => id)];
  const snapshots = await Promise.all(
    ids.map(async (id) =>
      ((await cluster.snapshots(place, id)) ?? []).map(({ name, kind }) => `${id}@${name} ${kind}`),
    ),
  );
  const objects = (await ceph.rados('-p', place.pool, 'ls')).split('\n').filter(Boolean);
  const known = new Set([...ids, ...named.keys()]);
  return {
    images: [...named.keys()].filter((name) => tombstoneOf(name) === undefined),
    tombstones: [...named.keys()].filter((name) => tombstoneOf(name) !== undefined),
    snapshots: snapshots.flat(),
    objects: objects.filter((object) => {
      const owner = ownerOf(object);
      return owner !== undefined && !known.has(owner);
    }),
  };
}

/** The id, or the name, of the image that an object of RBD's belongs to; undefined for another object. */
function ownerOf(object: string): string | undefined {
  return (/^rbd_id\.(.+)$/.exec(object) ??
    /^(?:rbd_header|rbd_data|rbd_object_map|journal)(?:\.\d{1,6}(?=\.))?\.([0-9a-f]+)/.exec(
      object,
    ))?.[1];
}

function filesBelow(folder: string, name: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .filter((path) => path.startsWith(`${folder}/${name}/`));
}
