import type { Lab } from '../lab.js';
import { time, timesOf } from '../measure.js';
import type { Row } from '../report.js';
import { fillTo } from '../volumes.js';

const PAGE = 100;

/** The first and the last page of ListVolumes, over more and more volumes. */
export async function paging(lab: Lab): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of lab.quick ? [100, 200] : [100, 500, 1000]) {
    await fillTo(lab, count);
    const tokens = await walk(lab);
    const page = async (startingToken: string, name: string) => {
      const samples: number[] = [];
      for (let round = 0; round < (lab.quick ? 3 : 15); round += 1) {
        lab.signal.throwIfAborted();
        samples.push(await time(() => list(lab, startingToken)));
      }
      const { p50, p95, rounds } = timesOf(samples);
      rows.push({ name, unit: 'ms', value: p50, p95, rounds, note: `${PAGE} a page` });
    };
    await page('', `${count} volumes, first page`);
    await page(tokens.at(-1) ?? '', `${count} volumes, last page`);
  }
  return rows;
}

/** The token of each page. */
async function walk(lab: Lab): Promise<string[]> {
  const tokens = [''];
  for (;;) {
    const { nextToken } = await list(lab, tokens.at(-1) ?? '');
    if (nextToken === '') return tokens;
    tokens.push(nextToken);
  }
}

function list({ controller }: Lab, startingToken: string) {
  return controller.controller.listVolumes({ maxEntries: PAGE, startingToken });
}
