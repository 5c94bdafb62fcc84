import t from 'tap';
import { RECORD_KEY } from '../../../src/volume/record.js';
import { MemoryCeph } from '../memory-ceph.js';
import {
  create,
  endAll,
  imageOf,
  MIB,
  make,
  noStrays,
  ofSnapshot,
  ofVolume,
  pathIn,
  remove,
  snap,
  unsnap,
} from './calls.js';
import { codeOf, controllerOn, ended, immediate, Schedule, workOff, workOnce } from './schedule.js';

// A lost or wrong clone would be an answer OK whose image is not there, has another content than its source had
// during the call, or not the record that the index has; an orphan (a helper snapshot, too) is anything in Ceph when
// all that is listed is deleted.

for (const kind of ['snapshot', 'volume'] as const)
  t.test(`three controllers that make the same volume from one ${kind}`, async (t) => {
    for (let seed = 0; seed < 250; seed++) {
      const ceph = new MemoryCeph();
      await make(ceph, 'data', 'old');
      const { id } = await snap(controllerOn(ceph), 'daily', 'data');
      const source = kind === 'volume' ? ofVolume('data') : ofSnapshot(id);
      const schedule = new Schedule(seed);
      const wishes = [{}, {}, seed % 2 === 0 ? {} : { sizeBytes: 65n * MIB }];
      const worker = controllerOn(ceph, schedule);
      const results = await schedule.run(
        Promise.allSettled([
          ...wishes.map((wish) =>
            create(controllerOn(ceph, schedule), 'copy', { source, ...wish }),
          ),
          workOnce(worker.clusters).then(() => workOnce(worker.clusters)),
        ]),
      );
      const codes = results.map(codeOf);
      const context = `seed ${seed}: ${codes.join(' ')}`;
      if (seed % 2 === 0 && codes.join(' ') !== 'OK OK OK OK') t.fail(`${context}: refused`);
      checkClones(ceph, context, results.slice(0, 3));
      await workOff(ceph);
      checkClones(ceph, context, results.slice(0, 3));
      noStrays(ceph, context);
      if (imageOf(ceph, 'data').snapshots.some(({ kind }) => kind === 'user') !== true)
        t.fail(`${context}: the snapshot is gone`);
      await endAll(ceph, context, { volumes: ['copy'] });
    }
    t.pass('250 interleavings');
  });

/** Each clone that was answered is there and whole. */
function checkClones(
  ceph: MemoryCeph,
  context: string,
  results: ReadonlyArray<PromiseSettledResult<unknown>>,
  contents: readonly string[] = ['old'],
): void {
  if (!results.some(({ status }) => status === 'fulfilled')) return;
  const image = ceph.images.get(pathIn('copy'));
  if (image === undefined) return void t.fail(`${context}: the clone is lost`, ceph.leaks());
  if (!contents.includes(image.content)) t.fail(`${context}: the clone has "${image.content}"`);
  if (![...ceph.names.values()].includes(image.metadata.get(RECORD_KEY) ?? '-'))
    t.fail(`${context}: the clone has another record than the index`);
  if (image.parent !== undefined && ceph.snapshotOf(image.parent) === undefined)
    t.fail(`${context}: the clone has lost its parent`);
}

t.test('a clone of a volume that is deleted meanwhile, written and made anew', async (t) => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 400; seed++) {
    const ceph = new MemoryCeph();
    const image = await make(ceph, 'data', 'old');
    const schedule = new Schedule(seed);
    const worker = controllerOn(ceph, schedule);
    const other = controllerOn(ceph, schedule);
    const source = ofVolume('data');
    const results = await schedule.run(
      Promise.allSettled([
        create(controllerOn(ceph, schedule), 'copy', { source }),
        create(other, 'copy', { source }),
        remove(other, 'data').then(() => create(other, 'data')),
        workOnce(worker.clusters).then(() => workOnce(worker.clusters)),
        schedule.step().then(() => {
          image.content = 'new';
        }),
      ]),
    );
    const codes = results.map(codeOf);
    const context = `seed ${seed}: ${codes.join(' ')}`;
    seen.add(codes.join(' '));
    if (codes[3] !== 'OK') t.fail(`${context}: the work failed`);
    await workOff(ceph);
    noStrays(ceph, context);
    checkClones(ceph, context, results.slice(0, 2), ['old', 'new', '']);
    await endAll(ceph, context, { volumes: ['copy', 'data'] });
  }
  t.ok(seen.size >= 3, [...seen].join('; '));
});

t.test('a clone cut short anywhere is completed or replaced, and nothing is left', async (t) => {
  let cut = 0;
  for (let lives = 0; lives < 70; lives++)
    for (const kind of ['snapshot', 'volume'])
      for (const then of ['the same', 'a larger one', 'a blank one', 'its source is deleted']) {
        const ceph = new MemoryCeph();
        await make(ceph, 'data', 'old');
        const { id } = await snap(controllerOn(ceph), 'daily', 'data');
        const source = kind === 'volume' ? ofVolume('data') : ofSnapshot(id);
        const dying = controllerOn(ceph, { step: immediate, wait: immediate }, lives);
        if (!(await ended(create(dying, 'copy', { source, sizeBytes: 65n * MIB })))) cut++;
        const context = `${kind} cut short after ${lives}, then ${then}`;
        if (then === 'its source is deleted') {
          ceph.forgetClients();
          await unsnap(controllerOn(ceph), id);
          await remove(controllerOn(ceph), 'data');
        }
        const wishes = {
          'the same': { source, sizeBytes: 65n * MIB },
          'a larger one': { source, sizeBytes: 66n * MIB },
          'a blank one': {},
          'its source is deleted': { source, sizeBytes: 65n * MIB },
        }[then];
        const results = await Promise.allSettled([
          create(controllerOn(ceph), 'copy', wishes ?? {}),
        ]);
        if (then === 'the same') {
          if (codeOf(results[0] as PromiseSettledResult<unknown>) !== 'OK')
            t.fail(`${context}: not completed`);
          checkClones(ceph, context, results);
        }
        await endAll(ceph, context, { volumes: ['copy'] });
      }
  t.ok(cut > 100, `${cut} were really cut short`);
});

t.test('a clone cut short while two others make it', async (t) => {
  for (let seed = 0; seed < 300; seed++) {
    const ceph = new MemoryCeph();
    await make(ceph, 'data', 'old');
    const { id } = await snap(controllerOn(ceph), 'daily', 'data');
    const source = seed % 2 === 0 ? ofVolume('data') : ofSnapshot(id);
    const schedule = new Schedule(seed);
    const dying = controllerOn(ceph, schedule, schedule.random(40));
    create(dying, 'copy', { source }).catch(() => undefined);
    const calls = [0, 1].map(() => create(controllerOn(ceph, schedule), 'copy', { source }));
    const results = await schedule.run(Promise.allSettled(calls));
    const context = `seed ${seed}: ${results.map(codeOf).join(' ')}`;
    checkClones(ceph, context, results);
    await workOff(ceph);
    checkClones(ceph, context, results);
    await endAll(ceph, context, { volumes: ['copy'] });
  }
  t.pass('300 interleavings');
});

t.test('a clone whose helper goes with another call: both answer the volume', async (t) => {
  for (let seed = 0; seed < 400; seed++) {
    const ceph = new MemoryCeph();
    await make(ceph, 'data', 'old');
    const schedule = new Schedule(seed);
    const two = controllerOn(ceph, schedule);
    const source = ofVolume('data');
    const results = await schedule.run(
      Promise.allSettled([
        create(controllerOn(ceph, schedule), 'copy', { source }),
        create(two, 'copy', { source }).then(() => workOnce(two.clusters)),
      ]),
    );
    const context = `seed ${seed}: ${results.map(codeOf).join(' ')}`;
    if (results.some((result) => codeOf(result) !== 'OK')) t.fail(`${context}: refused`);
    await workOff(ceph);
    noStrays(ceph, context);
    checkClones(ceph, context, results);
  }
  t.pass('400 interleavings');
});

t.test('a controller that stands still inside Ceph for longer than it is given', async (t) => {
  for (let seed = 0; seed < 250; seed++) {
    const ceph = new MemoryCeph();
    await make(ceph, 'data', 'old');
    const { id } = await snap(controllerOn(ceph), 'daily', 'data');
    const schedule = new Schedule(seed);
    const hasty = { step: schedule.step, wait: async () => {} };
    const source = ofSnapshot(id);
    const results = await schedule.run(
      Promise.allSettled([0, 1].map(() => create(controllerOn(ceph, hasty), 'copy', { source }))),
    );
    const context = `seed ${seed}: ${results.map(codeOf).join(' ')}`;
    checkClones(ceph, context, results);
    await endAll(ceph, context, { volumes: ['copy'] });
  }
  t.pass('250 interleavings');
});
