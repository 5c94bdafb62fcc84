import type { Lab } from '../lab.js';
import { rate, timesOf } from '../measure.js';
import type { Row } from '../report.js';
import { blank, GIB } from '../requests.js';

const CALLERS = 8;

/** CreateVolume by eight callers at once against one after the other, and what bare librbd gains by that. */
export async function atOnce(lab: Lab): Promise<Row[]> {
  const batches = lab.quick ? 2 : 5;
  const size = 64;
  const rates = {
    one: [] as number[],
    many: [] as number[],
    bareOne: [] as number[],
    bareMany: [] as number[],
  };
  let made = 0;
  const ours = () => lab.controller.controller.createVolume(blank(`at once ${made++}`));
  const theirs = () => lab.bare.create(`at-once-${made++}`, GIB);
  for (let batch = 0; batch < batches; batch += 1) {
    lab.signal.throwIfAborted();
    rates.one.push(await rate(size, 1, ours));
    rates.bareOne.push(await rate(size, 1, theirs));
    rates.many.push(await rate(size, CALLERS, ours));
    rates.bareMany.push(await rate(size, CALLERS, theirs));
  }
  const median = (samples: readonly number[]) => timesOf(samples).p50;
  return [
    {
      name: `CreateVolume, ${CALLERS} at once`,
      unit: '/s',
      value: median(rates.many),
      rounds: batches,
      against: { what: 'one after the other', value: median(rates.one) },
      target: { of: 'ratio', least: 3 },
    },
    {
      name: `bare librbd, ${CALLERS} at once`,
      unit: '/s',
      value: median(rates.bareMany),
      rounds: batches,
      against: { what: 'one after the other', value: median(rates.bareOne) },
    },
  ];
}
