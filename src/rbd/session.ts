import { setTimeout as sleep } from 'node:timers/promises';
import { VolumeError } from '../volume/errors.js';
import type { Access } from './access.js';
import { notLetIn } from './denied.js';
import { CephError, check, DENIED, describe, EINVAL, ENOENT, ERANGE } from './errno.js';
import { requireKey } from './keyring.js';
import { call, callAsync, type IoCtx, Memory, type Rados } from './native.js';

/** A pool's I/O contexts beyond this many are let go, the one unused for longest first. */
const KEPT_CONTEXTS = 64;
/** A shutdown that takes longer is left to itself. */
const SHUTDOWN_MS = 10_000;

const NAME_BYTES = 256;

interface Context {
  readonly key: string;
  readonly pool: string;
  readonly opened: Promise<IoCtx>;
  users: number;
  dropped: boolean;
}

/** One connected librados client and its I/O contexts. */
export class Session {
  /** Until when (as Date.now() counts) a pool's id and namespace need no look before an image is made. */
  readonly readyUntil = new Map<string, number>();
  readonly #contexts = new Map<string, Context>();
  readonly #destroying = new Set<Promise<void>>();

  private constructor(
    readonly rados: Rados,
    readonly cluster: string,
    /** Without "client.". */
    readonly user: string,
  ) {}

  /** Connects. Fails with cluster-denied, cluster-unavailable or what volumeError makes of an errno. */
  static async connect(access: Access): Promise<Session> {
    const options = await access.options();
    const rados = create(access);
    try {
      if (access.conf !== undefined) readConf(rados, access.conf, access.cluster);
      for (const [name, value] of options)
        check(call('rados_conf_set', rados, name, value), `set ${name}`);
      await requireKey(rados, access);
      await connect(rados, access);
    } catch (error) {
      await callAsync('rados_shutdown', rados);
      throw error;
    }
    return new Session(rados, access.cluster, access.user);
  }

  /**
   * Works in a pool and RADOS namespace. Where the pool was removed and made again meanwhile, the work is
   * done once more in the new one: the old one's id answers ENOENT to everything.
   */
  async inPool<T>(pool: string, namespace: string, work: (io: IoCtx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const context = this.#acquire(pool, namespace);
      try {
        return await work(await context.opened);
      } catch (error) {
        if (!(error instanceof CephError) || error.errno !== ENOENT) throw error;
        if (attempt > 1 || !(await this.#isStale(context))) throw error;
        this.#drop(context);
      } finally {
        this.#release(context);
      }
    }
  }

  /** This client as Ceph names it where it holds a lock: "client.4123". */
  get client(): string {
    return `client.${call('rados_get_instance_id', this.rados)}`;
  }

  /** The id of a pool; fails with unknown-pool. */
  async poolId(pool: string): Promise<number> {
    const id = await callAsync('rados_pool_lookup', this.rados, pool);
    if (Number(id) === -ENOENT)
      throw new VolumeError('unknown-pool', { pool, cluster: this.cluster });
    return check(id, `look up pool "${pool}"`);
  }

  /** The name of the pool that has a number. Throws CephError: ENOENT where there is none. */
  async poolName(id: bigint): Promise<string> {
    for (let room = NAME_BYTES; ; room *= 2) {
      using name = new Memory(room);
      const result = await callAsync(
        'rados_pool_reverse_lookup',
        this.rados,
        id,
        name.address,
        room,
      );
      if (result === -ERANGE) continue;
      return name.copy(0, check(result, `look up pool ${id}`)).toString();
    }
  }

  /** Disconnects. Nothing may use the session any more. */
  async shutdown(): Promise<void> {
    for (const context of [...this.#contexts.values()]) this.#drop(context);
    await Promise.all(this.#destroying);
    const timer = new AbortController();
    await Promise.race([
      callAsync('rados_shutdown', this.rados),
      sleep(SHUTDOWN_MS, undefined, { signal: timer.signal }).catch(() => undefined),
    ]);
    timer.abort();
  }

  /** True where the context's pool has another id now. Fails with unknown-pool where it has none. */
  async #isStale(context: Context): Promise<boolean> {
    const id = call('rados_ioctx_get_id', await context.opened);
    return Number(id) !== (await this.poolId(context.pool));
  }

  #acquire(pool: string, namespace: string): Context {
    // A pool's name and a namespace may hold any character but NUL.
    const key = `${pool}\0${namespace}`;
    const known = this.#contexts.get(key);
    const context = known ?? this.#add(key, pool, namespace);
    // The map's order is that of use.
    this.#contexts.delete(key);
    this.#contexts.set(key, context);
    context.users += 1;
    if (known === undefined) this.#trim();
    return context;
  }

  #add(key: string, pool: string, namespace: string): Context {
    const opened = this.#open(pool, namespace);
    const context = { key, pool, opened, users: 0, dropped: false };
    opened.catch(() => this.#drop(context));
    return context;
  }

  #release(context: Context): void {
    context.users -= 1;
    if (context.dropped && context.users === 0) this.#destroy(context);
  }

  /** Forgets a context; its last user destroys it. */
  #drop(context: Context): void {
    if (context.dropped) return;
    context.dropped = true;
    this.#contexts.delete(context.key);
    if (context.users === 0) this.#destroy(context);
  }

  /** Comes once in a context's life: a second time would corrupt the heap. */
  #destroy(context: Context): void {
    const destroyed = context.opened
      .then((io) => call('rados_ioctx_destroy', io))
      .catch(() => undefined)
      .finally(() => this.#destroying.delete(destroyed));
    this.#destroying.add(destroyed);
  }

  #trim(): void {
    for (const context of this.#contexts.values()) {
      if (this.#contexts.size <= KEPT_CONTEXTS) return;
      if (context.users === 0) this.#drop(context);
    }
  }

  async #open(pool: string, namespace: string): Promise<IoCtx> {
    using out = new Memory(8);
    const result = await callAsync('rados_ioctx_create', this.rados, pool, out.address);
    if (result === -ENOENT) throw new VolumeError('unknown-pool', { pool, cluster: this.cluster });
    check(result, `open pool "${pool}"`);
    const io = out.handle(0, 'rados_ioctx_t');
    if (namespace !== '') call('rados_ioctx_set_namespace', io, namespace);
    // A full pool then answers ENOSPC, and takes deletions, where it would make the call wait for room.
    call('rados_set_pool_full_try', io);
    return io;
  }
}

function create(access: Access): Rados {
  using out = new Memory(8);
  const result = call('rados_create2', out.address, 'ceph', `client.${access.user}`, 0);
  check(result, 'make a client');
  return out.handle(0, 'rados_t');
}

function readConf(rados: Rados, conf: string, cluster: string): void {
  const result = call('rados_conf_read_file', rados, conf);
  if (result >= 0) return;
  const problem = `cannot read ${conf}: ${describe(-result)}`;
  throw new VolumeError('cluster-unavailable', { cluster, problem });
}

async function connect(rados: Rados, access: Access): Promise<void> {
  const { cluster } = access;
  const result = await callAsync('rados_connect', rados);
  if (result === -ENOENT || result === -EINVAL) {
    const problem = 'no monitor can be found by the addresses that are configured';
    throw new VolumeError('cluster-unavailable', { cluster, problem });
  }
  if (DENIED.includes(-result)) throw notLetIn(access, `connect: ${describe(-result)}`);
  check(result, 'connect');
}
