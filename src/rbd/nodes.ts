import type { Connection } from './connection.js';
import { ENOENT } from './errno.js';
import { create, readMap, set, write } from './operations.js';

/** The node registry: a map from a node's id to what it says of itself, beside the name index. */
const OBJECT = 'pannier.nodes';

export function writeNode(
  connection: Connection,
  pool: string,
  nodeId: string,
  value: string,
): Promise<void> {
  return connection.inPool({ pool, namespace: '' }, (io) =>
    write(io, OBJECT, 'write the node registry', [create, set(nodeId, value)]),
  );
}

export async function readNode(
  connection: Connection,
  pool: string,
  nodeId: string,
): Promise<string | undefined> {
  const entries = await connection.inPool(
    { pool, namespace: '' },
    (io) => readMap(io, OBJECT, 'read the node registry', { keys: [nodeId] }),
    { [ENOENT]: undefined },
  );
  return entries?.get(nodeId)?.toString();
}
