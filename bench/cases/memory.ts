import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab.js';
import { resident } from '../memory.js';
import type { Row } from '../report.js';
import { fillTo } from '../volumes.js';

const TARGET = { of: 'value', most: 90 } as const;
const MEGABYTE = 1e6;
/** After this, a process that nobody calls has done what it does at its start. */
const SETTLE_MS = 3_000;

export async function idleMemory(lab: Lab): Promise<Row[]> {
  await sleep(SETTLE_MS, undefined, { signal: lab.signal });
  return measure(lab, 'idle');
}

/** After creating and listing many volumes; the node has staged what the case "node" stages. */
export async function memoryAfter(lab: Lab): Promise<Row[]> {
  const count = lab.quick ? 200 : 1000;
  await fillTo(lab, count);
  await lab.controller.controller.listVolumes({});
  await sleep(SETTLE_MS, undefined, { signal: lab.signal });
  return measure(lab, `${count} volumes`);
}

async function measure({ controller, node }: Lab, when: string): Promise<Row[]> {
  const parts = { controller: controller.pid, node: node.pid };
  return Promise.all(
    Object.entries(parts).map(async ([name, pid]): Promise<Row> => {
      const { total, fileBacked, anonymous } = await resident(pid);
      const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(1);
      return {
        name: `${name}, ${when}`,
        unit: 'MB',
        value: total / MEGABYTE,
        target: TARGET,
        note: `${megabytes(fileBacked)} file-backed, ${megabytes(anonymous)} anonymous`,
      };
    }),
  );
}
