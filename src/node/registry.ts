import { hostname } from 'node:os';
import type { Logger } from '../observe/log.js';
import type { NodeRecord } from '../volume/node.js';
import type { Clusters } from '../volume/store.js';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Tells each cluster of this node, so that controllers know it; a cluster that does not answer is asked again
 * until it does. None of it keeps the process alive. The answer ends it.
 */
export function registerNode(clusters: Clusters, nodeId: string, log: Logger): () => void {
  const ended = new AbortController();
  for (const name of clusters.names) attempt(clusters, name, nodeId, log, ended.signal, 1);
  return () => ended.abort();
}

function attempt(
  clusters: Clusters,
  name: string,
  nodeId: string,
  log: Logger,
  ended: AbortSignal,
  count: number,
): void {
  if (ended.aborted) return;
  write(clusters, name, nodeId).then(
    () => log.info({ cluster: name, node: nodeId }, 'registered this node'),
    (error: unknown) => {
      if (ended.aborted) return;
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (count - 1), LONGEST_PAUSE_MS);
      log.warn(
        { cluster: name, node: nodeId, problem: String(error), pause },
        'cannot register this node yet',
      );
      const timer = setTimeout(() => {
        attempt(clusters, name, nodeId, log, ended, count + 1);
      }, pause);
      timer.unref();
    },
  );
}

async function write(clusters: Clusters, name: string, nodeId: string): Promise<void> {
  const cluster = clusters.get(name);
  const record: NodeRecord = { hostname: hostname(), address: await cluster.address() };
  await cluster.writeNode(nodeId, JSON.stringify(record));
}
