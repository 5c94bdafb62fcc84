import t from 'tap';
import { MemoryCeph } from '../memory-ceph.js';
import {
  create,
  endAll,
  imageOf,
  make,
  noStrays,
  ofSnapshot,
  remove,
  snap,
  snapshotIds,
  unsnap,
} from './calls.js';
import { codeOf, controllerOn, ended, immediate, Schedule, workOff, workOnce } from './schedule.js';

// A lost snapshot would be one that was answered OK and is not listed, or of which a volume that is made of it has
// another content than the source had during the call; an orphan is anything in Ceph when all that is listed is
// deleted.

t.test('three controllers that take the same snapshot end with one and one answer', async (t) => {
  for (let seed = 0; seed < 200; seed++) {
    const ceph = new MemoryCeph();
    await make(ceph, 'data', 'old');
    const schedule = new Schedule(seed);
    const calls = [0, 1, 2].map(() => snap(controllerOn(ceph, schedule), 'daily', 'data'));
    const answers = await schedule.run(Promise.all(calls));
    const ids = new Set(answers.map(({ id, created }) => `${id} ${created.toISOString()}`));
    const listed = await snapshotIds(controllerOn(ceph));
    if (ids.size !== 1 || listed.length !== 1 || listed[0] !== answers[0]?.id)
      t.fail(`seed ${seed}: ${[...ids].join(', ')}; listed: ${listed.join(', ')}`);
    await workOff(ceph);
    const taken = imageOf(ceph, 'data').snapshots;
    if (taken.length !== 1) t.fail(`seed ${seed}: ${taken.length} RBD snapshots`);
    await endAll(ceph, `seed ${seed}`, {});
  }
  t.pass('200 interleavings');
});

t.test('one snapshot name for two volumes: one of them has it, no orphan', async (t) => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const ceph = new MemoryCeph();
    await make(ceph, 'data', 'old');
    await make(ceph, 'logs', 'lines');
    const schedule = new Schedule(seed);
    const results = await schedule.run(
      Promise.allSettled([
        snap(controllerOn(ceph, schedule), 'daily', 'data'),
        snap(controllerOn(ceph, schedule), 'daily', 'logs'),
        snap(controllerOn(ceph, schedule), 'daily', 'data'),
        workOnce(controllerOn(ceph, schedule).clusters),
      ]),
    );
    const codes = results.map(codeOf);
    seen.add(codes.join(' '));
    const listed = await snapshotIds(controllerOn(ceph));
    for (const result of results)
      if (result.status === 'fulfilled' && result.value && !listed.includes(result.value.id))
        t.fail(`seed ${seed}: ${codes.join(' ')}: "${result.value.id}" is lost`);
    if (codes[0] === 'OK' && codes[1] === 'OK') t.fail(`seed ${seed}: two of one name`);
    await workOff(ceph);
    noStrays(ceph, `seed ${seed}: ${codes.join(' ')}`);
    await endAll(ceph, `seed ${seed}: ${codes.join(' ')}`, { snapshots: ['daily'] });
  }
  t.ok(seen.size >= 2, [...seen].join('; '));
});

t.test('a snapshot of a volume that is deleted, and work: what answered OK is kept', async (t) => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 500; seed++) {
    const ceph = new MemoryCeph();
    const image = await make(ceph, 'data', 'old');
    const schedule = new Schedule(seed);
    const worker = controllerOn(ceph, schedule);
    const other = controllerOn(ceph, schedule);
    const results = await schedule.run(
      Promise.allSettled([
        snap(controllerOn(ceph, schedule), 'daily', 'data'),
        remove(other, 'data'),
        snap(other, 'weekly', 'data'),
        workOnce(worker.clusters).then(() => workOnce(worker.clusters)),
        write(schedule, () => {
          image.content = 'new';
        }),
      ]),
    );
    const codes = results.map(codeOf);
    const context = `seed ${seed}: ${codes.join(' ')}`;
    seen.add(codes.join(' '));
    if (codes[3] !== 'OK') t.fail(`${context}: the work failed`);
    await workOff(ceph);
    for (const at of [0, 2]) {
      const result = results[at] as PromiseSettledResult<{ id: string }>;
      if (result.status === 'fulfilled') await restorable(ceph, context, result.value.id);
    }
    await endAll(ceph, context, { volumes: ['data'], snapshots: ['daily', 'weekly'] });
  }
  t.ok(seen.size >= 3, [...seen].join('; '));
});

/** Writes at some moment. */
async function write(schedule: Schedule, work: () => void): Promise<void> {
  for (let i = schedule.random(30); i >= 0; i--) await schedule.step();
  work();
}

async function restorable(ceph: MemoryCeph, context: string, id: string): Promise<void> {
  const name = `restored${id.length}${Math.abs(hash(id))}`;
  const [restored] = await Promise.allSettled([
    create(controllerOn(ceph), name, { source: ofSnapshot(id) }),
  ]);
  if (restored === undefined || codeOf(restored) !== 'OK') {
    t.fail(`${context}: "${id}" was answered OK and is lost: ${restored && codeOf(restored)}`);
    return;
  }
  const { content } = imageOf(ceph, name);
  if (content !== 'old' && content !== 'new') t.fail(`${context}: "${id}" has "${content}"`);
}

const hash = (text: string) =>
  [...text].reduce((sum, one) => (31 * sum + one.charCodeAt(0)) | 0, 7);

t.test('a snapshot cut short anywhere, and its removal, leave nothing', async (t) => {
  let cut = 0;
  for (let lives = 0; lives < 40; lives++)
    for (const what of ['take', 'take, and another source', 'delete', 'work']) {
      const ceph = new MemoryCeph();
      await make(ceph, 'data', 'old');
      await make(ceph, 'logs', 'lines');
      const dying = controllerOn(ceph, { step: immediate, wait: immediate }, lives);
      let call: Promise<unknown>;
      if (what.startsWith('take')) call = snap(dying, 'daily', 'data');
      else {
        const { id } = await snap(controllerOn(ceph), 'daily', 'data');
        call = what === 'delete' ? unsnap(dying, id) : Promise.resolve();
        if (what === 'work') {
          await unsnap(controllerOn(ceph), id);
          call = workOnce(dying.clusters);
        }
        if (!(await ended(call))) cut++;
        await unsnap(controllerOn(ceph), id);
        if ((await snapshotIds(controllerOn(ceph))).length > 0) t.fail('a deleted one is listed');
        await endAll(ceph, `${what} cut short after ${lives}`, {});
        continue;
      }
      if (!(await ended(call))) cut++;
      const context = `${what} cut short after ${lives}`;
      const source = what === 'take' ? 'data' : 'logs';
      const [again] = await Promise.allSettled([snap(controllerOn(ceph), 'daily', source)]);
      await workOff(ceph);
      noStrays(ceph, context);
      if (what === 'take' && codeOf(again as PromiseSettledResult<unknown>) !== 'OK')
        t.fail(`${context}: not completed`);
      await endAll(ceph, context, { snapshots: ['daily'] });
    }
  t.ok(cut > 30, `${cut} were really cut short`);
});

t.test('a deleted snapshot leaves its clones their content', async (t) => {
  for (let seed = 0; seed < 300; seed++) {
    const ceph = new MemoryCeph();
    await make(ceph, 'data', 'old');
    const { id } = await snap(controllerOn(ceph), 'daily', 'data');
    imageOf(ceph, 'data').content = 'new';
    const schedule = new Schedule(seed);
    const worker = controllerOn(ceph, schedule);
    const results = await schedule.run(
      Promise.allSettled([
        create(controllerOn(ceph, schedule), 'copy', { source: ofSnapshot(id) }),
        create(controllerOn(ceph, schedule), 'copy', { source: ofSnapshot(id) }),
        unsnap(controllerOn(ceph, schedule), id),
        remove(controllerOn(ceph, schedule), 'data'),
        workOnce(worker.clusters).then(() => workOnce(worker.clusters)),
      ]),
    );
    const codes = results.map(codeOf);
    const context = `seed ${seed}: ${codes.join(' ')}`;
    await workOff(ceph);
    if (codes[0] === 'OK' || codes[1] === 'OK') {
      const { content, parent } = imageOf(ceph, 'copy');
      if (content !== 'old') t.fail(`${context}: the clone has "${content}"`);
      if (parent !== undefined && ceph.snapshotOf(parent) === undefined)
        t.fail(`${context}: the clone has lost its parent`);
    }
    if (codes[2] !== 'OK') t.fail(`${context}: the snapshot is not deleted`);
    await endAll(ceph, context, { volumes: ['copy'] });
  }
  t.pass('300 interleavings');
});

t.test('a snapshot that is taken after its name was lost goes', async (t) => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 600; seed++) {
    const ceph = new MemoryCeph();
    await make(ceph, 'data', 'old');
    await make(ceph, 'logs', 'lines');
    const schedule = new Schedule(seed);
    const two = controllerOn(ceph, schedule);
    const results = await schedule.run(
      Promise.allSettled([
        snap(controllerOn(ceph, schedule), 'daily', 'data'),
        snap(two, 'daily', 'logs').finally(() => workOnce(two.clusters)),
      ]),
    );
    const codes = results.map(codeOf).join(' ');
    seen.add(codes);
    await workOff(ceph);
    noStrays(ceph, `seed ${seed}: ${codes}`);
  }
  t.ok(seen.size >= 2, [...seen].join('; '));
});
