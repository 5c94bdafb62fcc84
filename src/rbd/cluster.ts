import type { Cluster } from '../volume/store.js';
import { address } from './address.js';
import { capacity } from './capacity.js';
import type { Connection } from './connection.js';
import { createImage, growImage, isBlank, readImage, watchers } from './images.js';
import { readById, swapMetadata } from './metadata.js';
import { listNames, readName, swapName } from './names.js';
import { readNode, writeNode } from './nodes.js';
import { listNamespaces, listPools } from './pools.js';
import { clearRemains } from './remains.js';
import { listTrash, purgeTrashed } from './trash.js';
import { trashImage } from './trash-move.js';

/** The domain's store over a connection; the name index and the node registry are in `indexPool`. */
export function clusterOf(connection: Connection, indexPool: string): Cluster {
  return {
    name: connection.cluster,
    readName: (key) => readName(connection, indexPool, key),
    swapName: (key, expected, next) => swapName(connection, indexPool, key, expected, next),
    listNames: (after, limit) => listNames(connection, indexPool, after, limit),
    writeNode: (nodeId, value) => writeNode(connection, indexPool, nodeId, value),
    readNode: (nodeId) => readNode(connection, indexPool, nodeId),
    address: () => address(connection),
    createImage: (spec, layout) => createImage(connection, spec, layout),
    readImage: (spec) => readImage(connection, spec),
    clearRemains: (spec) => clearRemains(connection, spec),
    swapMetadata: (place, imageId, expected, next) =>
      swapMetadata(connection, place, imageId, expected, next),
    watchers: (spec) => watchers(connection, spec),
    growImage: (spec, sizeBytes) => growImage(connection, spec, sizeBytes),
    isBlank: (spec) => isBlank(connection, spec),
    trashImage: (spec, imageId) => trashImage(connection, spec, imageId),
    listTrash: (place) => listTrash(connection, place),
    readTrashed: (place, imageId) => readById(connection, place, imageId),
    purgeTrashed: (place, imageId) => purgeTrashed(connection, place, imageId),
    capacity: (pool) => capacity(connection, pool),
    listPools: () => listPools(connection),
    listNamespaces: (pool) => listNamespaces(connection, pool),
  };
}
