/** How long a thing took, over its rounds, in milliseconds. */
export interface Times {
  readonly p50: number;
  readonly p95: number;
  readonly rounds: number;
}

/** The smallest sample that at least `percent` of all are not above (nearest rank). */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = [...samples].sort((left, right) => left - right);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  const sample = sorted[rank - 1];
  if (sample === undefined) throw new RangeError('there are no samples');
  return sample;
}

export function timesOf(samples: readonly number[]): Times {
  return {
    p50: percentile(samples, 50),
    p95: percentile(samples, 95),
    rounds: samples.length,
  };
}

/** Milliseconds that an action took. */
export async function time(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await action();
  return performance.now() - began;
}

/** One thing that is done in every round, by us and by what we are measured against. */
export interface Step {
  readonly name: string;
  ours(round: number): Promise<unknown>;
  theirs(round: number): Promise<unknown>;
  /** Waits for what `ours` goes on doing in the background, which would be counted as theirs. */
  settle?(round: number): Promise<unknown>;
}

export interface Rounds {
  readonly rounds: number;
  /** Rounds before those, in which connections are made and code is compiled: they are not counted. */
  readonly warmUp: number;
  readonly signal: AbortSignal;
  /** How many callers at once, each with a number of its own instead of the round's; 1 where none is given. */
  readonly width?: number;
}

export interface Pair<T> {
  readonly ours: T;
  readonly theirs: T;
}

/**
 * Times steps in rounds, by one caller or by several. In each step the two take turns at being first, so that whatever else the machine
 * does falls on both. Steps of one name are counted together.
 */
export async function inTurns(
  steps: readonly Step[],
  { rounds, warmUp, signal, width = 1 }: Rounds,
): Promise<ReadonlyMap<string, Pair<Times>>> {
  const samples = new Map<string, Pair<number[]>>();
  for (let round = 0; round < rounds + warmUp; round += 1) {
    const order = round % 2 === 0 ? (['theirs', 'ours'] as const) : (['ours', 'theirs'] as const);
    for (const step of steps) {
      const taken = samples.get(step.name) ?? { ours: [], theirs: [] };
      samples.set(step.name, taken);
      for (const who of order) {
        signal.throwIfAborted();
        const took = await together(width, (index) => step[who](round * width + index));
        if (round >= warmUp) taken[who].push(...took);
        if (who === 'ours') await step.settle?.(round);
      }
    }
  }
  return new Map(
    [...samples].map(([name, { ours, theirs }]) => [
      name,
      { ours: timesOf(ours), theirs: timesOf(theirs) },
    ]),
  );
}

/** Times so many tasks that begin together, each by itself, in milliseconds. */
export function together(
  width: number,
  task: (index: number) => Promise<unknown>,
): Promise<number[]> {
  return Promise.all(Array.from({ length: width }, (_, index) => time(() => task(index))));
}

/** Runs `count` tasks, at most `width` at once, and answers how many ended in a second. */
export async function rate(
  count: number,
  width: number,
  task: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const took = await time(() =>
    Promise.all(
      Array.from({ length: width }, async () => {
        while (next < count) await task(next++);
      }),
    ),
  );
  return (count * 1000) / took;
}
