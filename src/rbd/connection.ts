import { VolumeError } from '../volume/errors.js';
import type { Place } from '../volume/store.js';
import type { Access } from './access.js';
import {
  CephError,
  DENIED,
  EDEADLK,
  ESHUTDOWN,
  type Outcomes,
  settle,
  volumeError,
} from './errno.js';
import type { Gate } from './gate.js';
import { Missing } from './missing.js';
import type { IoCtx } from './native.js';
import { Session } from './session.js';
import { type Limit, Wait } from './wait.js';

/** Lets a task run when it may. */
type Turn = <T>(task: () => Promise<T>) => Promise<T>;

/** A session, how many calls use it, and whether it goes when the last one is done. */
interface Live {
  readonly opened: Promise<Session>;
  users: number;
  retired: boolean;
  readonly missing: Missing;
}

/** What becomes of a connection that nobody has used for a while. */
export interface Idle {
  /** In milliseconds. */
  readonly afterMs: number;
  /** Called when it has disconnected. */
  readonly over: () => void;
}

/**
 * After these only a new client gets in again: one on the block list stays there, one that was denied keeps the caps
 * with which it connected, and librbd takes no lock from the client that asks for it.
 */
const SHUT_OUT: readonly number[] = [ESHUTDOWN, EDEADLK, ...DENIED];

/** How long close() waits for calls that are under way: each can be cut short and repeated. */
const CLOSE_MS = 3_000;

/**
 * One user's connection to a cluster: made by the first call, shared by all, made anew after a failure or
 * after the cluster shut this client out. Errors leave it as VolumeErrors.
 */
export class Connection {
  #access: Access;
  #live: Live | undefined;
  #closed = false;
  #idleTimer: NodeJS.Timeout | undefined;
  readonly #ending = new Set<Promise<void>>();
  #succeeded: Date | undefined;
  /** How many of the calls under way are work in the background. */
  #background = 0;

  constructor(
    access: Access,
    private readonly gate: Gate,
    /** For calls that wait for a proposal of the monitors, and must not take the places of those that don't. */
    private readonly patientGate: Gate,
    /** Undefined: it stays connected. */
    private idle?: Idle,
  ) {
    this.#access = access;
  }

  get cluster(): string {
    return this.#access.cluster;
  }

  /** When a call last succeeded; undefined before the first. */
  get succeeded(): Date | undefined {
    return this.#succeeded;
  }

  /** From the next call on it connects by another access. */
  change(access: Access): void {
    this.#access = access;
    this.retire();
  }

  /** It is no longer wanted: it disconnects whenever nobody has used it for a moment. */
  letGo(afterMs: number): void {
    this.idle = { afterMs, over: () => {} };
    if (this.#live?.users === 0) this.retire();
  }

  /** Works with the connected client. */
  async use<T>(
    work: (session: Session) => Promise<T>,
    turn: Turn = (task) => this.gate.run(task),
    limit: Limit = 'limit',
  ): Promise<T> {
    try {
      const live = this.#join();
      const wait = new Wait(live.missing, limit);
      const timed: Turn = (task) =>
        turn(() => {
          wait.begin();
          return task();
        });
      return await wait.for(this.#work(live, work, timed));
    } catch (error) {
      throw volumeError(error, this.#access);
    }
  }

  /**
   * Works in a pool and RADOS namespace ('' is the default one), where some errnos are `outcomes`.
   * Fails with unknown-pool besides.
   */
  inPool<T, U = never>(
    { pool, namespace }: Place,
    work: (io: IoCtx, session: Session) => Promise<T>,
    outcomes: Outcomes<U> = {},
    limit: Limit = 'limit',
  ): Promise<T | U> {
    return this.use(
      (session) =>
        settle(
          session.inPool(pool, namespace, (io) => work(io, session)),
          outcomes,
        ),
      undefined,
      limit,
    );
  }

  /** The same for a call that waits for a proposal of the monitors: several at once share one. */
  patiently<T, U = never>(
    { pool, namespace }: Place,
    work: (io: IoCtx, session: Session) => Promise<T>,
    outcomes: Outcomes<U> = {},
  ): Promise<T | U> {
    return this.use(
      (session) =>
        settle(
          session.inPool(pool, namespace, (io) => work(io, session)),
          outcomes,
        ),
      (task) => this.patientGate.run(task),
    );
  }

  /** The same for work that takes long, in no call's place: whoever asks bounds how much of it there is. */
  inBackground<T, U = never>(
    { pool, namespace }: Place,
    work: (io: IoCtx, session: Session) => Promise<T>,
    outcomes: Outcomes<U> = {},
  ): Promise<T | U> {
    return this.use(
      (session) =>
        settle(
          session.inPool(pool, namespace, (io) => work(io, session)),
          outcomes,
        ),
      (task) => this.#aside(task),
      'no limit',
    );
  }

  /** Disconnects as soon as no call is under way. The next call connects again. */
  retire(): void {
    const live = this.#live;
    if (live === undefined) return;
    this.#live = undefined;
    live.retired = true;
    if (live.users === 0) this.#end(live);
  }

  /**
   * Disconnects for good, once the calls under way have ended or run out of time. Work in the background is not
   * waited for: whoever began it has done so.
   */
  async close(): Promise<void> {
    this.#closed = true;
    const live = this.#live;
    this.retire();
    const deadline = Date.now() + CLOSE_MS;
    while (live !== undefined && live.users > this.#background && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.all(this.#ending);
  }

  /** Counts a task in the background while it is under way. */
  async #aside<T>(task: () => Promise<T>): Promise<T> {
    this.#background += 1;
    try {
      return await task();
    } finally {
      this.#background -= 1;
    }
  }

  async #work<T>(live: Live, work: (session: Session) => Promise<T>, turn: Turn): Promise<T> {
    try {
      const session = await live.opened;
      const result = await turn(() => work(session));
      this.#succeeded = new Date();
      return result;
    } catch (error) {
      if (error instanceof CephError && SHUT_OUT.includes(error.errno) && this.#live === live)
        this.retire();
      throw error;
    } finally {
      live.users -= 1;
      if (live.users === 0) this.#idle(live);
    }
  }

  #join(): Live {
    if (this.#closed)
      throw new VolumeError('cluster-unavailable', {
        cluster: this.cluster,
        problem: 'the plugin is stopping',
      });
    clearTimeout(this.#idleTimer);
    this.#live ??= this.#connect();
    this.#live.users += 1;
    return this.#live;
  }

  /** One caller's turn is enough to connect: the others wait for it and take no thread. */
  #connect(): Live {
    const opened = this.gate.run(() => Session.connect(this.#access));
    const live: Live = { opened, users: 0, retired: false, missing: new Missing(opened) };
    live.opened.catch(() => {
      if (this.#live === live) this.#live = undefined;
    });
    return live;
  }

  #idle(live: Live): void {
    if (live.retired) this.#end(live);
    const { idle } = this;
    if (idle === undefined || (this.#live !== undefined && this.#live !== live)) return;
    this.#idleTimer = setTimeout(() => {
      this.retire();
      idle.over();
    }, idle.afterMs);
    this.#idleTimer.unref();
  }

  #end(live: Live): void {
    const ending = live.opened
      .then((session) => session.shutdown())
      .catch(() => undefined)
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
