import type { Task } from './tasks.js';

/**
 * How many of a kind run at once. Freeing and flattening must not crowd out what users wait for; removals of
 * snapshots mostly wait, and share proposals of the monitors.
 */
const WIDTHS: Readonly<Record<Task['kind'], number>> = { image: 2, snapshot: 8, flatten: 1 };

interface Lane {
  readonly waiting: Map<string, () => Promise<void>>;
  readonly running: Map<string, Promise<void>>;
}

/** Jobs in line, each kind in a lane of its own. Jobs must not fail. */
export class Lanes {
  readonly #lanes: Readonly<Record<Task['kind'], Lane>> = {
    image: { waiting: new Map(), running: new Map() },
    snapshot: { waiting: new Map(), running: new Map() },
    flatten: { waiting: new Map(), running: new Map() },
  };

  add(kind: Task['kind'], key: string, job: () => Promise<void>): void {
    this.#lanes[kind].waiting.set(key, job);
    this.#next(kind);
  }

  /** True where a job waits or runs. */
  has(key: string): boolean {
    return Object.values(this.#lanes).some(
      ({ waiting, running }) => waiting.has(key) || running.has(key),
    );
  }

  /** The keys of jobs that have begun. */
  running(): string[] {
    return Object.values(this.#lanes).flatMap(({ running }) => [...running.keys()]);
  }

  /** Forgets what waits. */
  clear(): void {
    for (const { waiting } of Object.values(this.#lanes)) waiting.clear();
  }

  /** Until all that has begun has ended. */
  async idle(): Promise<void> {
    await Promise.all(Object.values(this.#lanes).flatMap(({ running }) => [...running.values()]));
  }

  #next(kind: Task['kind']): void {
    const { waiting, running } = this.#lanes[kind];
    for (const [key, job] of waiting) {
      if (running.size >= WIDTHS[kind]) return;
      waiting.delete(key);
      running.set(
        key,
        job().finally(() => {
          running.delete(key);
          this.#next(kind);
        }),
      );
    }
  }
}
