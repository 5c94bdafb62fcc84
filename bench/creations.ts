import type { Bare } from './bare.js';
import { rate, type Times, time, timesOf } from './measure.js';
import type { Plugin } from './plugin.js';
import { blank, GIB } from './requests.js';

/** How many callers "at once" are. */
export const CALLERS = 8;
const READS = 200;

/** A controller and bare librbd that reach one Ceph in the same way. */
export interface Place {
  readonly controller: Plugin;
  readonly bare: Bare;
  readonly signal: AbortSignal;
}

export interface Batches {
  readonly count: number;
  /** Creations in each. */
  readonly size: number;
}

/** Creations a second: the median of the batches. */
export interface Rates {
  readonly oneByOne: number;
  readonly atOnce: number;
}

export interface Creations {
  readonly batches: number;
  readonly ours: Rates;
  readonly bare: Rates;
  /** One RADOS read, which tells how far away Ceph is. */
  readonly read: Times;
}

/** Creates in batches, one after the other and by several callers, ours and bare librbd in turns. */
export async function measureCreations(
  { controller, bare, signal }: Place,
  /** What the names begin with: two places on one Ceph need two. */
  prefix: string,
  { count, size }: Batches,
): Promise<Creations> {
  const reads: number[] = [];
  for (let read = 0; read < READS; read += 1) reads.push(await time(() => bare.readObject()));
  let made = 0;
  const create = {
    ours: () => controller.controller.createVolume(blank(`${prefix} ${made++}`)),
    bare: () => bare.create(`${prefix}-${made++}`, GIB),
  };
  const rates = {
    ours: { oneByOne: [] as number[], atOnce: [] as number[] },
    bare: { oneByOne: [] as number[], atOnce: [] as number[] },
  };
  for (let batch = 0; batch < count; batch += 1) {
    for (const [width, how] of [
      [1, 'oneByOne'],
      [CALLERS, 'atOnce'],
    ] as const) {
      for (const who of ['ours', 'bare'] as const) {
        signal.throwIfAborted();
        rates[who][how].push(await rate(size, width, create[who]));
      }
    }
  }
  const medians = ({ oneByOne, atOnce }: typeof rates.ours): Rates => ({
    oneByOne: timesOf(oneByOne).p50,
    atOnce: timesOf(atOnce).p50,
  });
  return {
    batches: count,
    ours: medians(rates.ours),
    bare: medians(rates.bare),
    read: timesOf(reads),
  };
}
