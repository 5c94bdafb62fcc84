import type { Effect } from '../effects.js';
import type { Cluster, Clusters, StoredTask } from '../store.js';
import { Lanes } from './lanes.js';
import type { Outcome } from './outcome.js';
import { runTask } from './run.js';
import { parseTask } from './tasks.js';

/** The index beside whose entries a task is kept. */
export type IndexName = 'names' | 'snapshotNames';

/** The work that calls leave to the background. One controller of a cluster does it, whichever has the lock. */
export interface Work {
  /** Tells of a task that was just written down, so that it need not be looked for. */
  add(cluster: string, index: IndexName, task: StoredTask): void;
  /** Looks through all that is left to do. */
  scan(): void;
  /** Works for the clusters that are configured now, and no longer for others. */
  follow(): Promise<void>;
  /** Begins nothing more, lets go of the lock, and waits a little for what has begun. */
  stop(): Promise<void>;
}

export interface WorkOptions {
  /** Tells this controller from every other one. */
  readonly id: string;
  readonly clusters: Clusters;
  readonly effect: Effect;
  /** Told of what failed; it is tried again. */
  readonly onError: (error: unknown) => void;
  /** Told when the work of a cluster begins to be this controller's. */
  readonly onHold?: (cluster: string) => void;
}

/** How long the lock is held without a renewal, and how often it is renewed. */
const LEASE_S = 10;
const RENEW_MS = 3_000;
/** How often tasks are looked for that other controllers wrote down. */
const SCAN_MS = 5_000;
/** When a task is tried again that had to wait or that failed. */
const RETRY_MS = 30_000;
/** Freeing and flattening may take hours, and can be cut short at any time. */
const STOP_MS = 1_000;

export function startWork(options: WorkOptions): Work {
  const { clusters } = options;
  const workers = new Map(clusters.names.map((name) => [name, new ClusterWork(name, options)]));
  return {
    add: (cluster, index, task) => workers.get(cluster)?.add(index, task),
    scan() {
      for (const worker of workers.values()) worker.scan();
    },
    async follow() {
      const ended: Promise<void>[] = [];
      for (const [name, worker] of workers)
        if (!clusters.names.includes(name) || clusters.defaultPool(name) !== worker.pool) {
          workers.delete(name);
          ended.push(worker.stop());
        }
      for (const name of clusters.names) {
        if (workers.has(name)) continue;
        const worker = new ClusterWork(name, options);
        workers.set(name, worker);
        worker.scan();
      }
      await Promise.all(ended);
    },
    async stop() {
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
    },
  };
}

/** A task that was tried. */
interface Waiting {
  readonly value: string;
  /** From when on it may run again (as Date.now() counts). */
  readonly notBefore: number;
}

/** The background work of one cluster. */
class ClusterWork {
  /** The pool whose indexes it looks through, and in which the lock is. */
  readonly pool: string;
  readonly #cluster: Cluster;
  readonly #lanes = new Lanes();
  /** Tasks that must wait as they are: a task that somebody changed is tried at once. */
  readonly #waiting = new Map<string, Waiting>();
  /** Tasks that run while what they wait for goes: they may have looked before. */
  readonly #woken = new Set<string>();
  #heldUntil = 0;
  #renewed = 0;
  #timer: NodeJS.Timeout | undefined;
  #scanning: Promise<void> | undefined;
  #stopped = false;

  constructor(
    private readonly name: string,
    private readonly options: WorkOptions,
  ) {
    this.pool = options.clusters.defaultPool(name);
    this.#cluster = options.clusters.get(name);
  }

  add(index: IndexName, stored: StoredTask): void {
    if (this.#isHolder()) this.#offer(index, stored);
  }

  scan(): void {
    if (this.#stopped || this.#scanning !== undefined) return;
    clearTimeout(this.#timer);
    this.#scanning = this.#scan()
      .catch(this.options.onError)
      .finally(() => {
        this.#scanning = undefined;
        if (this.#stopped) return;
        this.#timer = setTimeout(() => this.scan(), SCAN_MS);
        this.#timer.unref();
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#lanes.clear();
    // What has begun may go on for hours: another controller goes on at once, and does it twice without harm.
    const released = this.#isHolder()
      ? this.options
          .effect('work/release-lock', () => this.#cluster.releaseWork(this.options.id))
          .catch(() => undefined)
      : undefined;
    this.#heldUntil = 0;
    const begun = Promise.allSettled([released, this.#lanes.idle(), this.#scanning]);
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, STOP_MS);
    await Promise.race([begun, limit.promise]);
    clearTimeout(timer);
  }

  #isHolder(): boolean {
    return Date.now() < this.#heldUntil;
  }

  async #hold(): Promise<boolean> {
    if (this.#isHolder() && Date.now() - this.#renewed < RENEW_MS) return true;
    const asked = Date.now();
    const wasHolder = this.#isHolder();
    const held = await this.options.effect('work/take-lock', () =>
      this.#cluster.holdWork(this.options.id, LEASE_S),
    );
    if (!held) {
      this.#heldUntil = 0;
      this.#lanes.clear();
      return false;
    }
    this.#renewed = asked;
    this.#heldUntil = asked + LEASE_S * 1000;
    if (!wasHolder) this.options.onHold?.(this.name);
    return true;
  }

  async #scan(): Promise<void> {
    if (!(await this.#hold())) return;
    const found = await Promise.all(
      (['names', 'snapshotNames'] as const).map(async (index) =>
        (await this.#cluster[index].listTasks()).map((stored) => ({ index, stored })),
      ),
    );
    const all = found.flat();
    const there = new Set(all.map(({ index, stored }) => keyOf(index, stored)));
    for (const key of this.#waiting.keys()) if (!there.has(key)) this.#waiting.delete(key);
    for (const { index, stored } of all) this.#offer(index, stored);
  }

  /** Lets a task run when it may. */
  #offer(index: IndexName, stored: StoredTask): void {
    const key = keyOf(index, stored);
    const task = parseTask(stored.value);
    if (this.#stopped || task === undefined || this.#lanes.has(key)) return;
    const waiting = this.#waiting.get(key);
    if (waiting?.value === stored.value && waiting.notBefore > Date.now()) return;
    this.#lanes.add(task.kind, key, async () => {
      let outcome: Outcome = { done: false, notBefore: Date.now() + RETRY_MS };
      try {
        outcome = await runTask(this.#cluster, index, stored, task, this.options.effect);
      } catch (error) {
        this.options.onError(error);
      }
      const isWoken = this.#woken.delete(key);
      if (outcome.done) this.#waiting.delete(key);
      else if (isWoken) this.scan();
      else this.#waiting.set(key, { value: stored.value, notBefore: outcome.notBefore });
      for (const imageId of outcome.releases ?? []) this.#wake(imageId);
    });
  }

  /** Something that an image waited for is gone: what waits for the image is looked at soon. */
  #wake(imageId: string): void {
    const waits = (key: string) => key.endsWith(`/${imageId}`);
    for (const key of this.#waiting.keys()) if (waits(key)) this.#waiting.delete(key);
    for (const key of this.#lanes.running()) if (waits(key)) this.#woken.add(key);
    this.scan();
  }
}

function keyOf(index: IndexName, { key, id }: StoredTask): string {
  return `${index} ${key} ${id}`;
}
