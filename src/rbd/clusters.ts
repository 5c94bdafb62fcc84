import { createHash } from 'node:crypto';
import type { ClusterSettings } from '../config/settings.js';
import { fail } from '../volume/errors.js';
import { didYouMean } from '../volume/guess.js';
import type { Cluster, Clusters, Credentials } from '../volume/store.js';
import { accessOf } from './access.js';
import { clusterOf } from './cluster.js';
import { Connection } from './connection.js';
import { CephError, ETIMEDOUT } from './errno.js';
import { Gate } from './gate.js';

/** Threads of libuv's pool that clusters leave to everything else. */
const SPARE_THREADS = 4;
/** Threads of a cluster for what frees and flattens images in the background, and for the question what is missing. */
const BACKGROUND_THREADS = 4;
/** No cluster needs more calls under way at once than this. */
const MOST_CALLS = 8;
/** How long a call waits for its turn, in milliseconds. */
const TURN_MS = 20_000;
/** So many times as many calls may wait for the monitors: all of them share a proposal. */
const PATIENT_CALLS = 2;
/** How long such a call waits for its turn, in milliseconds. */
const PATIENT_TURN_MS = 60_000;
/**
 * A connection with a request's own credentials, and with it their key, is kept for so many milliseconds between
 * two operations of one request.
 */
const IDLE_MS = 1_000;
/** How many such connections are kept for a cluster. */
const KEPT_GUESTS = 8;

/** One configured cluster: the plugin's own connection, and those with credentials of requests. */
interface Member {
  readonly settings: ClusterSettings;
  readonly gate: Gate;
  readonly patientGate: Gate;
  readonly own: Connection;
  readonly guests: Map<string, Connection>;
}

/** The clusters of the settings, the first one being the default. It connects to none of them yet. */
export function openClusters(settings: readonly ClusterSettings[]): Clusters {
  const members = new Map(
    settings.map((each) => [each.name, member(each, callsAtOnce(settings.length))]),
  );
  const names = [...members.keys()];
  const find = (cluster: string): Member =>
    members.get(cluster) ??
    fail('unknown-cluster', {
      cluster,
      guess: didYouMean(cluster, names),
      known: names.join(', '),
    });
  return {
    names,
    nameOf: (id) => settings.find((each) => each.id === id)?.name,
    defaultPool: (cluster) => find(cluster).settings.pool,
    get(cluster, credentials): Cluster {
      const found = find(cluster);
      const connection = credentials === undefined ? found.own : guest(found, credentials);
      return clusterOf(connection, found.settings.pool);
    },
    async close() {
      const connections = [...members.values()].flatMap(({ own, guests }) => [
        own,
        ...guests.values(),
      ]);
      await Promise.all(connections.map((connection) => connection.close()));
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

function member(settings: ClusterSettings, width: number): Member {
  const gateOf = (places: number, turnMs: number) =>
    new Gate(
      places,
      turnMs,
      () =>
        new CephError(
          ETIMEDOUT,
          `wait ${turnMs / 1000} s for one of ${places} calls under way to end`,
        ),
    );
  const gate = gateOf(width, TURN_MS);
  const patientGate = gateOf(width * PATIENT_CALLS, PATIENT_TURN_MS);
  const own = new Connection(accessOf(settings), gate, patientGate);
  return { settings, gate, patientGate, own, guests: new Map() };
}

/** The connection with a request's credentials, the one used longest ago making room for a new one. */
function guest(
  { settings, gate, patientGate, guests }: Member,
  credentials: Credentials,
): Connection {
  const id = createHash('sha256').update(JSON.stringify([credentials.user, credentials.key]));
  const key = id.digest('hex');
  const known = guests.get(key);
  const connection: Connection =
    known ??
    new Connection(accessOf(settings, credentials), gate, patientGate, {
      afterMs: IDLE_MS,
      over: () => {
        if (guests.get(key) === connection) guests.delete(key);
      },
    });
  guests.delete(key);
  guests.set(key, connection);
  for (const [oldKey, old] of guests) {
    if (guests.size <= KEPT_GUESTS) break;
    guests.delete(oldKey);
    old.retire();
  }
  return connection;
}
