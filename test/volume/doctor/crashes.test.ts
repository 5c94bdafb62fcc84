import t, { type Test } from 'tap';
import type { Controller } from '../../../src/volume/controller.js';
import { undeleteVolume } from '../../../src/volume/delete/undelete.js';
import { examine } from '../../../src/volume/doctor/examine.js';
import { MemoryCeph } from '../memory-ceph.js';
import {
  age,
  controllerOn,
  create,
  cutShort,
  endAll,
  handleOf,
  immediate,
  look,
  MIB,
  mend,
  NOTHING,
  pathOf,
  remove,
  snap,
  volumeIds,
} from './rig.js';

const SOURCE = handleOf('source');
const MOST_STEPS = 120;

/** What a doctor is to make good: what there was before, and the call that is cut short. */
interface Accident {
  readonly before: (controller: Controller, ceph: MemoryCeph) => Promise<unknown>;
  readonly call: (controller: Controller) => Promise<unknown>;
}

const withSource = (controller: Controller) => create(controller, 'source');

const ACCIDENTS: Readonly<Record<string, Accident>> = {
  'a creation': { before: withSource, call: (controller) => create(controller, 'data') },
  'a clone': {
    before: withSource,
    call: (controller) => create(controller, 'data', { source: { kind: 'volume', id: SOURCE } }),
  },
  'a creation that takes the name from another, elsewhere': {
    async before(controller, ceph) {
      await withSource(controller);
      const source = { kind: 'volume', id: SOURCE } as const;
      const dying = controllerOn(ceph, undefined, 13);
      await cutShort(create(dying, 'data', { pool: 'fast', source }));
    },
    call: (controller) => create(controller, 'data', { sizeBytes: 8n * MIB }),
  },
  'a snapshot': { before: withSource, call: (controller) => snap(controller, 'one', 'source') },
  'a deletion': { before: withSource, call: (controller) => remove(controller, 'source') },
  'a deletion of a volume with a snapshot': {
    async before(controller) {
      await withSource(controller);
      await snap(controller, 'one', 'source');
    },
    call: (controller) => remove(controller, 'source'),
  },
  'an undeletion': {
    async before(controller) {
      await withSource(controller);
      await remove(controller, 'source');
    },
    call: (controller) => undeleteVolume(controller, SOURCE, ''),
  },
  'an undeletion of a tombstone': {
    async before(controller) {
      await withSource(controller);
      await snap(controller, 'one', 'source');
      await remove(controller, 'source');
    },
    call: (controller) => undeleteVolume(controller, SOURCE, ''),
  },
};

for (const [what, accident] of Object.entries(ACCIDENTS))
  t.test(`${what} that is cut short anywhere is made good, and nothing is left`, async (t) => {
    let cut = 0;
    for (let lives = 0; lives < MOST_STEPS; lives++) {
      const ceph = await after(accident, lives);
      if (ceph === undefined) break;
      cut++;
      await madeGood(t, ceph, `after ${lives} steps`);
    }
    t.ok(cut > 5 && cut < MOST_STEPS, `cut short at ${cut} places`);
  });

t.test('a doctor that is cut short anywhere is followed by another', async (t) => {
  for (const [what, accident] of Object.entries(ACCIDENTS))
    for (let lives = 3; lives < MOST_STEPS; lives += 3) {
      const ceph = await after(accident, lives);
      if (ceph === undefined) break;
      for (let doctors = 0; doctors < 400; doctors += 7) {
        const pace = { step: immediate, wait: immediate };
        if (!(await cutShort(examine(controllerOn(ceph, pace, doctors), true)))) break;
        age(ceph);
      }
      await madeGood(t, ceph, `${what}, after ${lives} steps`);
    }
});

/** A cluster in which a call was cut short long ago; undefined where it ends with that many steps. */
async function after({ before, call }: Accident, lives: number): Promise<MemoryCeph | undefined> {
  const ceph = new MemoryCeph();
  await before(controllerOn(ceph), ceph);
  if (!(await cutShort(call(controllerOn(ceph, undefined, lives))))) return undefined;
  // Its client is gone, and so is its background work.
  ceph.forgetClients();
  age(ceph);
  return ceph;
}

async function madeGood(t: Test, ceph: MemoryCeph, context: string): Promise<void> {
  const mended = await mend(ceph);
  if (!mended.every(({ fixed }) => fixed)) t.fail(`${context}: not mended`, { mended });
  const found = await look(ceph);
  if (found.length > 0) t.fail(`${context}: still found`, { mended, found });
  // What is listed is whole: it can be deleted, and with it all that there is.
  for (const id of await volumeIds(ceph))
    if (id === SOURCE && !ceph.images.has(pathOf('source'))) t.fail(`${context}: ${id} is gone`);
  await endAll(ceph);
  const left = ceph.leaks();
  if (JSON.stringify(left) !== JSON.stringify(NOTHING))
    t.fail(`${context}: left`, { left, mended });
}
