import { CALLERS, type Creations, measureCreations, type Rates } from '../creations.js';
import { measureAway } from '../hop/away.js';
import { HOP_MS } from '../hop/relay.js';
import type { Lab } from '../lab.js';
import type { Row } from '../report.js';

const TARGET = { of: 'ratio', least: 3 } as const;

/**
 * CreateVolume by eight callers at once against one after the other, and what bare librbd gains by that: with
 * Ceph on the same machine, and with the same Ceph behind a relay that makes it as far away as a network does.
 */
export async function atOnce(lab: Lab): Promise<Row[]> {
  const count = lab.quick ? 2 : 5;
  const here = await measureCreations(lab, 'here', { count, size: 64 });
  lab.progress(`The same, with Ceph ${HOP_MS} ms away`);
  const away = await measureAway(lab, { count, size: 32 });
  const far = `, Ceph ${HOP_MS} ms away`;
  return [
    ...rows(here, ''),
    ...rows(away, far),
    {
      name: `a RADOS read${far}`,
      unit: 'ms',
      value: away.read.p50,
      p95: away.read.p95,
      rounds: away.read.rounds,
      against: { what: 'Ceph on this machine', value: here.read.p50, p95: here.read.p95 },
    },
  ];
}

function rows({ batches, ours, bare }: Creations, where: string): Row[] {
  const row = (what: string, { oneByOne, atOnce }: Rates): Row => ({
    name: `${what}, ${CALLERS} at once${where}`,
    unit: '/s',
    value: atOnce,
    rounds: batches,
    against: { what: 'one after the other', value: oneByOne },
  });
  return [{ ...row('CreateVolume', ours), target: TARGET }, row('bare librbd', bare)];
}
