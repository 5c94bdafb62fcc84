import { createHash } from 'node:crypto';
import type { ClusterSettings } from '../config/settings.js';
import type { Credentials } from '../volume/store.js';
import { accessOf, type Resolve } from './access.js';
import { Connection } from './connection.js';
import { CephError, ETIMEDOUT } from './errno.js';
import { Gate } from './gate.js';

/** How long a call waits for its turn, in milliseconds. */
const TURN_MS = 20_000;
/** So many times as many calls may wait for the monitors: all of them share a proposal. */
export const PATIENT_CALLS = 2;
/** How long such a call waits for its turn, in milliseconds. */
const PATIENT_TURN_MS = 60_000;
/**
 * A connection with a request's own credentials, and with it their key, is kept for so many milliseconds between
 * two operations of one request; so is one to a cluster that is no longer configured.
 */
const IDLE_MS = 1_000;
/** How many such connections are kept for a cluster. */
const KEPT_GUESTS = 8;

/** One configured cluster: the plugin's own connection, and those with credentials of requests. */
export class Member {
  #settings: ClusterSettings;
  readonly #resolve: Resolve;
  readonly #gate: Gate;
  readonly #patientGate: Gate;
  readonly #own: Connection;
  readonly #guests = new Map<string, Connection>();

  /** `width` calls may be under way at once. */
  constructor(settings: ClusterSettings, resolve: Resolve, width: number) {
    this.#settings = settings;
    this.#resolve = resolve;
    this.#gate = gateOf(width, TURN_MS);
    this.#patientGate = gateOf(width * PATIENT_CALLS, PATIENT_TURN_MS);
    this.#own = new Connection(
      accessOf(settings, undefined, resolve),
      this.#gate,
      this.#patientGate,
    );
  }

  get settings(): ClusterSettings {
    return this.#settings;
  }

  /** When a call of the plugin's own user last succeeded. */
  get succeeded(): Date | undefined {
    return this.#own.succeeded;
  }

  /** The plugin's own connection, or the one with a request's credentials. */
  connection(credentials: Credentials | undefined): Connection {
    return credentials === undefined ? this.#own : this.#guest(credentials);
  }

  resize(width: number): void {
    this.#gate.resize(width);
    this.#patientGate.resize(width * PATIENT_CALLS);
  }

  /** From the next operations on it is reached in another way; those under way go on as they began. */
  change(settings: ClusterSettings): void {
    this.#settings = settings;
    this.reconnect();
  }

  /** The next operations connect anew. */
  reconnect(): void {
    this.#own.change(accessOf(this.#settings, undefined, this.#resolve));
    for (const guest of this.#guests.values()) guest.retire();
    this.#guests.clear();
  }

  /** It is no longer configured: calls under way may go on with it, and it disconnects after the last one. */
  letGo(): void {
    this.#own.letGo(IDLE_MS);
  }

  async close(): Promise<void> {
    const connections = [this.#own, ...this.#guests.values()];
    await Promise.all(connections.map((connection) => connection.close()));
  }

  /** The connection with a request's credentials, the one used longest ago making room for a new one. */
  #guest(credentials: Credentials): Connection {
    const id = createHash('sha256').update(JSON.stringify([credentials.user, credentials.key]));
    const key = id.digest('hex');
    const known = this.#guests.get(key);
    const connection: Connection =
      known ??
      new Connection(
        accessOf(this.#settings, credentials, this.#resolve),
        this.#gate,
        this.#patientGate,
        {
          afterMs: IDLE_MS,
          over: () => {
            if (this.#guests.get(key) === connection) this.#guests.delete(key);
          },
        },
      );
    this.#guests.delete(key);
    this.#guests.set(key, connection);
    for (const [oldKey, old] of this.#guests) {
      if (this.#guests.size <= KEPT_GUESTS) break;
      this.#guests.delete(oldKey);
      old.retire();
    }
    return connection;
  }
}

function gateOf(places: number, turnMs: number): Gate {
  const gate: Gate = new Gate(
    places,
    turnMs,
    () =>
      new CephError(
        ETIMEDOUT,
        `wait ${turnMs / 1000} s for one of ${gate.width} calls under way to end`,
      ),
  );
  return gate;
}
