import t from 'tap';
import type { Controller } from '../../../src/volume/controller.js';
import { undeleteVolume } from '../../../src/volume/delete/undelete.js';
import { examine, type Finding } from '../../../src/volume/doctor/examine.js';
import { VolumeError } from '../../../src/volume/errors.js';
import { isBeingDeleted, isDiscarded } from '../../../src/volume/marks.js';
import { ownRecord } from '../../../src/volume/record.js';
import { MemoryCeph } from '../memory-ceph.js';
import {
  age,
  controllerOn,
  create,
  cutShort,
  endAll,
  handleOf,
  look,
  MIB,
  NOTHING,
  type Pace,
  pathOf,
  remove,
  Schedule,
  snap,
  snapshotIds,
  use,
  volumeIds,
  type Wishes,
  workOff,
} from './rig.js';

const SOURCE = handleOf('source');

/** Calls that controllers do at the same time, on what `before` made. */
interface Life {
  readonly before: (controller: Controller) => Promise<unknown>;
  readonly calls: ReadonlyArray<(controller: Controller) => Promise<unknown>>;
  /** True where they leave something odd for a moment; the age of claims tells a doctor who looks at once. */
  readonly odd: boolean;
}

const LIVES: Readonly<Record<string, Life>> = {
  creations: {
    odd: false,
    before: async () => {},
    calls: [
      (controller) => create(controller, 'data'),
      (controller) => create(controller, 'data', { sizeBytes: 8n * MIB, pool: 'fast' }),
      (controller) => create(controller, 'data'),
    ],
  },
  'a clone, a snapshot and a deletion of one source': {
    odd: true,
    before: (controller) => create(controller, 'source'),
    calls: [
      (controller) => create(controller, 'data', { source: { kind: 'volume', id: SOURCE } }),
      (controller) => snap(controller, 'one', 'source'),
      (controller) => remove(controller, 'source'),
    ],
  },
  'a deletion, an undeletion and a creation of one name': {
    odd: true,
    async before(controller) {
      await create(controller, 'source');
      await remove(controller, 'source');
    },
    calls: [
      (controller) => undeleteVolume(controller, SOURCE, ''),
      (controller) => remove(controller, 'source'),
      (controller) => create(controller, 'source'),
    ],
  },
  'snapshots of one name': {
    odd: false,
    async before(controller) {
      await create(controller, 'source');
      await create(controller, 'other');
    },
    calls: [
      (controller) => snap(controller, 'one', 'source'),
      (controller) => snap(controller, 'one', 'other'),
      (controller) => snap(controller, 'one', 'source'),
    ],
  },
};

for (const [what, life] of Object.entries(LIVES)) {
  t.test(`${what}: a doctor beside them finds nothing`, async (t) => {
    for (let seed = 0; seed < 200; seed++) {
      const { found, ceph } = await beside(life, seed, (schedule) => schedule);
      if (found.length > 0) t.fail(`seed ${seed}`, { found, ...ceph.leaks() });
      await whole(ceph, `seed ${seed}`);
    }
    t.pass('200 interleavings');
  });

  if (!life.odd) continue;
  t.test(`${what}: one that gives them no time harms nothing`, async (t) => {
    let seen = 0;
    for (let seed = 0; seed < 400; seed++) {
      const { found, ceph } = await beside(life, seed, (schedule) => schedule.impatient);
      seen += found.length;
      await whole(ceph, `seed ${seed}`);
    }
    t.ok(seen > 0, `400 interleavings, in which it had ${seen} findings`);
  });
}

for (const [what, wishes] of Object.entries({
  'goes on with': {},
  'takes over': { source: { kind: 'volume', id: SOURCE } } as const,
}))
  t.test(`a creation that ${what} a claim while a doctor gives it up`, async (t) => {
    const outcomes = new Set<string>();
    for (let lives = 2; await isCutShort(lives, wishes); lives += 5)
      for (let seed = 0; seed < 280; seed++) {
        const ceph = await abandoned(lives, wishes);
        const schedule = new Schedule(seed);
        // It comes at any moment of the doctor's looks and remedies.
        const call = (async () => {
          for (let step = 0; step < seed / 2; step++) await schedule.step();
          return create(controllerOn(ceph, schedule), 'data', wishes);
        })();
        const [made] = await schedule.run(
          Promise.allSettled([call, examine(controllerOn(ceph, schedule.impatient), true)]),
        );
        const context = `seed ${seed} after ${lives} steps`;
        outcomes.add(made.status);
        if (made.status === 'fulfilled') {
          const image = ceph.images.get(pathOf('data'));
          if (image === undefined || ownRecord(image) === undefined || isDiscarded(image))
            t.fail(`${context}: it was answered OK`);
        } else {
          if (!(made.reason instanceof VolumeError)) throw made.reason;
          if (made.reason.kind !== 'superseded') t.fail(`${context}: ${made.reason.message}`);
        }
        await whole(ceph, context);
      }
    t.ok(outcomes.has('fulfilled'));
  });

/** A creation that was cut short long ago. */
async function abandoned(lives: number, wishes: Wishes): Promise<MemoryCeph> {
  const ceph = new MemoryCeph();
  await create(controllerOn(ceph), 'source');
  await cutShort(create(controllerOn(ceph, undefined, lives), 'data', wishes));
  ceph.forgetClients();
  age(ceph);
  return ceph;
}

async function isCutShort(lives: number, wishes: Wishes): Promise<boolean> {
  const ceph = new MemoryCeph();
  await create(controllerOn(ceph), 'source');
  return cutShort(create(controllerOn(ceph, undefined, lives), 'data', wishes));
}

t.test('a deletion that is refused is not finished by a doctor that saw its mark', async (t) => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    const ceph = new MemoryCeph();
    await create(controllerOn(ceph), 'source');
    const id = ceph.images.get(pathOf('source'))?.id ?? '';
    const schedule = new Schedule(seed);
    // It is opened while it is being deleted.
    const user = schedule.step().then(() => use(ceph, id));
    const call = remove(controllerOn(ceph, schedule), 'source');
    const [deleted] = await schedule.run(
      Promise.allSettled([call, examine(controllerOn(ceph, schedule.impatient), true), user]),
    );
    seen.add(deleted.status);
    if ((deleted.status === 'rejected') !== ceph.images.has(pathOf('source')))
      t.fail(`seed ${seed}: the image and the answer differ: ${deleted.status}`);
  }
  t.equal(seen.size, 2);
});

/** Runs a life with a doctor beside it, who mends what it finds until all has ended. */
async function beside(life: Life, seed: number, paceOf: (schedule: Schedule) => Pace) {
  const ceph = new MemoryCeph();
  await life.before(controllerOn(ceph));
  const schedule = new Schedule(seed);
  const calls = Promise.allSettled(life.calls.map((call) => call(controllerOn(ceph, schedule))));
  let running = true;
  const found: Finding[] = [];
  const doctor = async () => {
    while (running) found.push(...(await examine(controllerOn(ceph, paceOf(schedule)), true)));
  };
  const ending = calls.then(() => {
    running = false;
  });
  await schedule.run(Promise.all([doctor(), ending]));
  for (const call of await calls)
    if (call.status === 'rejected' && !(call.reason instanceof VolumeError)) throw call.reason;
  return { ceph, found };
}

/** Fails unless what is listed is there, and goes with all that there is. */
async function whole(ceph: MemoryCeph, context: string): Promise<void> {
  await workOff(ceph);
  const found = await look(ceph);
  if (found.length > 0) t.fail(`${context}: a doctor still finds something`, { found });
  const listed = await volumeIds(ceph);
  for (const [path, image] of ceph.images) {
    const record = ownRecord(image);
    const isVolume = record !== undefined && !isDiscarded(image) && !isBeingDeleted(image);
    if (isVolume && !listed.includes(record.handle)) t.fail(`${context}: ${path} is not listed`);
  }
  const taken = [...ceph.headers.values()].flatMap(({ snapshots }) =>
    snapshots.filter(({ kind }) => kind === 'user'),
  );
  const snapshots = await snapshotIds(ceph);
  if (taken.length !== snapshots.length)
    t.fail(`${context}: RBD's snapshots and those that are listed differ`, { snapshots });
  await endAll(ceph);
  const left = ceph.leaks();
  if (JSON.stringify(left) !== JSON.stringify(NOTHING)) t.fail(`${context}: left`, { left });
}
