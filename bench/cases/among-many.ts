import type { Lab } from '../lab.js';
import { rate, time, timesOf } from '../measure.js';
import type { Row } from '../report.js';
import { measureSnapshots } from '../snapshot-calls.js';
import { fillTo } from '../volumes.js';

/** As many as wait for the monitors at once. */
const CALLERS = 16;
const PAGE = 100;

/**
 * The calls of a snapshot's life in a pool with few volumes, and again among many that have a snapshot each; and the
 * pages of ListSnapshots then.
 */
export async function amongMany(lab: Lab): Promise<Row[]> {
  const count = lab.quick ? 100 : 1000;
  const options = { rounds: lab.quick ? 3 : 15, width: 1 };
  const few = await measureSnapshots(lab, 'few', options);
  await fillTo(lab, count);
  await snapshotAll(lab, count);
  const many = await measureSnapshots(lab, 'many', options);
  const rows = many.map(({ call, times }, index): Row => {
    const { ours } = few[index]?.times ?? times;
    return {
      name: `${call.name}, among ${count}`,
      unit: 'ms',
      value: times.ours.p50,
      p95: times.ours.p95,
      rounds: times.ours.rounds,
      against: { what: 'the same before', value: ours.p50, p95: ours.p95 },
      target: { of: 'ratio', most: 1.1 },
    };
  });
  return [...rows, ...(await pages(lab, count))];
}

async function snapshotAll({ controller, signal, progress }: Lab, count: number): Promise<void> {
  progress(`Taking ${count} snapshots`);
  const { entries } = await controller.controller.listVolumes({ maxEntries: count });
  await rate(entries.length, CALLERS, async (index) => {
    signal.throwIfAborted();
    const sourceVolumeId = entries[index]?.volume?.volumeId ?? '';
    await controller.controller.createSnapshot({ name: `many ${index}`, sourceVolumeId });
  });
}

/** The first and the last page of ListSnapshots. */
async function pages(lab: Lab, count: number): Promise<Row[]> {
  const list = (startingToken: string) =>
    lab.controller.controller.listSnapshots({ maxEntries: PAGE, startingToken });
  const tokens = [''];
  for (;;) {
    const { nextToken } = await list(tokens.at(-1) ?? '');
    if (nextToken === '') break;
    tokens.push(nextToken);
  }
  const rows: Row[] = [];
  for (const [which, token] of [
    ['first', ''],
    ['last full', tokens.at(-2) ?? ''],
  ] as const) {
    const samples: number[] = [];
    for (let round = 0; round < (lab.quick ? 3 : 15); round += 1)
      samples.push(await time(() => list(token)));
    const { p50, p95, rounds } = timesOf(samples);
    rows.push({
      name: `ListSnapshots of ${count}, ${which} page`,
      unit: 'ms',
      value: p50,
      ...{ p95, rounds, note: `${PAGE} a page`, target: { of: 'value', most: 50 } },
    });
  }
  return rows;
}
