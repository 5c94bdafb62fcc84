import type { Cluster, Indexes } from '../volume/store.js';
import { address } from './address.js';
import { isBlank } from './blank.js';
import { capacity } from './capacity.js';
import { journalEntry } from './ceph-csi.js';
import { listChildren } from './children.js';
import { cloneImage } from './clone.js';
import type { Connection } from './connection.js';
import { imageDetails } from './details.js';
import { listImages, nameOf } from './directory.js';
import { flattenImage } from './flatten.js';
import { growImage } from './grow.js';
import { readById, readSnapshots } from './header.js';
import { createImage, readImage } from './images.js';
import { kernelAccess } from './kernel-access.js';
import { swapMetadata } from './metadata.js';
import { nameIndex } from './name-index.js';
import { listNodes, readNode, writeNode } from './nodes.js';
import { listNamespaces, listPools, poolNamed } from './pools.js';
import { clearRemains, findRemains } from './remains.js';
import { renameImage, restoreImage } from './rename.js';
import { removeSnapshot, takeSnapshot } from './snapshots.js';
import { listTrash, purgeTrashed } from './trash.js';
import { trashImage } from './trash-move.js';
import { usedBytes } from './used.js';
import { locks, watchers, workers } from './watchers.js';
import { holdWork, releaseWork } from './work.js';

const NAMES = 'pannier.names.';
const SNAPSHOT_NAMES = 'pannier.snapshots.';

/** The domain's store over a connection; indexes and registries are in `indexPool`. */
export function clusterOf(connection: Connection, indexPool: string): Cluster {
  return {
    name: connection.cluster,
    ...indexesIn(connection, indexPool),
    async indexesElsewhere() {
      const pools = await listPools(connection);
      return pools.filter((pool) => pool !== indexPool).map((pool) => indexesIn(connection, pool));
    },
    writeNode: (nodeId, value) => writeNode(connection, indexPool, nodeId, value),
    readNode: (nodeId) => readNode(connection, indexPool, nodeId),
    listNodes: () => listNodes(connection, indexPool),
    address: () => address(connection),
    kernelAccess: () => kernelAccess(connection),
    holdWork: (owner, seconds) => holdWork(connection, indexPool, owner, seconds),
    releaseWork: (owner) => releaseWork(connection, indexPool, owner),
    createImage: (spec, layout) => createImage(connection, spec, layout),
    cloneImage: (source, spec, layout) => cloneImage(connection, source, spec, layout),
    readImage: (spec) => readImage(connection, spec),
    readImageById: (place, imageId) => readById(connection, place, imageId),
    listImages: (place) => listImages(connection, place),
    nameOf: (place, imageId) => nameOf(connection, place, imageId),
    findRemains: (spec) => findRemains(connection, spec),
    clearRemains: (spec, imageId) => clearRemains(connection, spec, imageId),
    swapMetadata: (place, imageId, expected, next) =>
      swapMetadata(connection, place, imageId, expected, next),
    watchers: (spec) => watchers(connection, spec),
    workers: (place, imageId) => workers(connection, place, imageId),
    growImage: (spec, sizeBytes) => growImage(connection, spec, sizeBytes),
    isBlank: (spec) => isBlank(connection, spec),
    flattenImage: (place, imageId, parent, onProgress) =>
      flattenImage(connection, place, imageId, parent, onProgress),
    takeSnapshot: (place, imageId, name) => takeSnapshot(connection, place, imageId, name),
    snapshots: (place, imageId) => readSnapshots(connection, place, imageId),
    removeSnapshot: (place, imageId, name) => removeSnapshot(connection, place, imageId, name),
    renameImage: (spec, imageId, name) => renameImage(connection, spec, imageId, name),
    trashImage: (spec, imageId, until) => trashImage(connection, spec, imageId, until),
    restoreImage: (spec, imageId) => restoreImage(connection, spec, imageId),
    listTrash: (place) => listTrash(connection, place),
    purgeTrashed: (place, imageId, parent) => purgeTrashed(connection, place, imageId, parent),
    capacity: (pool) => capacity(connection, pool),
    listPools: () => listPools(connection),
    listNamespaces: (pool) => listNamespaces(connection, pool),
    details: (place, imageId) => imageDetails(connection, place, imageId),
    locks: (place, imageId) => locks(connection, place, imageId),
    children: (place, imageId) => listChildren(connection, place, imageId),
    usedBytes: (place, imageId, limitMs) => usedBytes(connection, place, imageId, limitMs),
    poolNamed: (id) => poolNamed(connection, id),
    journalEntry: (place, uuid) => journalEntry(connection, place, uuid),
  };
}

/** One that was never written to reads as an empty one. */
function indexesIn(connection: Connection, pool: string): Indexes {
  return {
    names: nameIndex(connection, pool, NAMES),
    snapshotNames: nameIndex(connection, pool, SNAPSHOT_NAMES),
  };
}
