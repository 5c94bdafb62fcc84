import { isDeepStrictEqual } from 'node:util';
import type { ClusterSettings } from '../config/settings.js';
import { fail } from '../volume/errors.js';
import { didYouMean } from '../volume/guess.js';
import type { Cluster, Clusters } from '../volume/store.js';
import type { Resolve } from './access.js';
import { clusterOf } from './cluster.js';
import { Member, PATIENT_CALLS } from './member.js';

/** Threads of libuv's pool that clusters leave to everything else. */
const SPARE_THREADS = 4;
/** Threads of a cluster for what frees and flattens images in the background, and for the question what is missing. */
const BACKGROUND_THREADS = 4;
/** No cluster needs more calls under way at once than this. */
const MOST_CALLS = 8;

/** The clusters of a plugin, which may become others while it runs. */
export interface OpenClusters extends Clusters {
  /** From now on these are the clusters, the first one being the default. Calls under way go on as they began. */
  follow(settings: readonly ClusterSettings[]): void;
  /** A cluster's next calls connect anew. */
  reconnect(cluster: string): void;
  /** When a call to a cluster last succeeded; undefined before the first. */
  succeeded(cluster: string): Date | undefined;
}

/**
 * The clusters of the settings, the first one being the default. It connects to none of them yet.
 *
 * @param resolve Asked whenever a connection is made.
 */
export function openClusters(
  settings: readonly ClusterSettings[],
  resolve: Resolve = async (cluster) => cluster,
): OpenClusters {
  let members = new Map<string, Member>();
  /** Calls that began with them may not have ended. */
  const former: Member[] = [];
  const follow = (wanted: readonly ClusterSettings[]) => {
    const width = callsAtOnce(wanted.length);
    const before = members;
    members = new Map(
      wanted.map((each) => [each.name, before.get(each.name) ?? new Member(each, resolve, width)]),
    );
    for (const each of wanted) {
      const member = members.get(each.name);
      member?.resize(width);
      if (!isDeepStrictEqual(member?.settings, each)) member?.change(each);
    }
    for (const [name, member] of before)
      if (!members.has(name)) {
        member.letGo();
        former.push(member);
      }
  };
  follow(settings);
  const find = (cluster: string): Member => {
    const names = [...members.keys()];
    return (
      members.get(cluster) ??
      fail('unknown-cluster', {
        cluster,
        guess: didYouMean(cluster, names),
        known: names.join(', '),
      })
    );
  };
  return {
    get names() {
      return [...members.keys()];
    },
    nameOf: (id) => [...members.values()].find(({ settings }) => settings.id === id)?.settings.name,
    defaultPool: (cluster) => find(cluster).settings.pool,
    quota: (cluster, pool) => find(cluster).settings.quotas?.[pool],
    foreignPlaces: (cluster) => find(cluster).settings.foreignImages ?? [],
    get(cluster, credentials): Cluster {
      const found = find(cluster);
      return clusterOf(found.connection(credentials), found.settings.pool);
    },
    follow,
    reconnect: (cluster) => members.get(cluster)?.reconnect(),
    succeeded: (cluster) => members.get(cluster)?.succeeded,
    async close() {
      await Promise.all([...members.values(), ...former].map((member) => member.close()));
    },
  };
}

/** A share of the thread pool for each cluster, so that one that does not answer stalls nothing else. */
function callsAtOnce(clusters: number): number {
  const threads = Number(process.env.UV_THREADPOOL_SIZE) || 4;
  const own = (threads - SPARE_THREADS) / Math.max(1, clusters) - BACKGROUND_THREADS;
  const share = Math.floor(own / (1 + PATIENT_CALLS));
  return Math.max(1, Math.min(MOST_CALLS, share));
}
