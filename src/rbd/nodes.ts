import type { Connection } from './connection.js';
import { ENOENT } from './errno.js';
import { create, type Entries, type Query, readMap, set, write } from './operations.js';

/** The node registry: a map from a node's id to what it says of itself, beside the name index. */
const OBJECT = 'pannier.nodes';
const PAGE = 1024;

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
  return (await read(connection, pool, { keys: [nodeId] })).get(nodeId)?.toString();
}

/** All nodes, by id. */
export async function listNodes(
  connection: Connection,
  pool: string,
): Promise<ReadonlyMap<string, string>> {
  const nodes = new Map<string, string>();
  for (let after = ''; ; ) {
    const page = await read(connection, pool, { range: { prefix: '', after, limit: PAGE } });
    if (page.size === 0) return nodes;
    for (const [nodeId, value] of page) {
      nodes.set(nodeId, value.toString());
      after = nodeId;
    }
  }
}

async function read(connection: Connection, pool: string, query: Query): Promise<Entries> {
  const none: Entries = new Map();
  return await connection.inPool(
    { pool, namespace: '' },
    (io) => readMap(io, OBJECT, 'read the node registry', query),
    { [ENOENT]: none },
  );
}
