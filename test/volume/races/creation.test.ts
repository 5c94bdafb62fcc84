import t from 'tap';
import { formatHandle } from '../../../src/volume/handle.js';
import { parseRecord, RECORD_KEY } from '../../../src/volume/record.js';
import { MemoryCeph } from '../memory-ceph.js';
import { create, endAll, handleOf, imageOf, MIB, pathIn } from './calls.js';
import { codeOf, controllerOn, ended, immediate, Schedule } from './schedule.js';

// Two images of a name would be two listed or whole images under it, or answers with different sizes or handles; a
// lost answer an OK whose image is not there with the very record that the index has; an orphan is anything in
// Ceph when all that is listed is deleted.

t.test('three controllers that create the same end with one image and one answer', async (t) => {
  for (let seed = 0; seed < 200; seed++) {
    const ceph = new MemoryCeph();
    const schedule = new Schedule(seed);
    const calls = [0, 1, 2].map(() => create(controllerOn(ceph, schedule), 'data'));
    const answers = await schedule.run(Promise.all(calls));
    const handles = new Set(answers.map(({ handle }) => formatHandle(handle)));
    const [entry, ...more] = [...ceph.names.values()];
    const image = ceph.images.get(pathIn('data'));
    const isOne =
      handles.size === 1 &&
      more.length === 0 &&
      parseRecord(entry)?.handle === handleOf('data') &&
      image?.metadata.get(RECORD_KEY) === entry;
    if (!isOne) t.fail(`seed ${seed}`, { handles: [...handles], ...ceph.leaks() });
    await endAll(ceph, `seed ${seed}`, {});
  }
  t.pass('200 interleavings');
});

t.test('three controllers with different wishes for one name: one volume, no orphan', async (t) => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    const ceph = new MemoryCeph();
    const schedule = new Schedule(seed);
    const results = await schedule.run(
      Promise.allSettled([
        create(controllerOn(ceph, schedule), 'data', { sizeBytes: 64n * MIB }),
        create(controllerOn(ceph, schedule), 'data', { sizeBytes: 128n * MIB }),
        create(controllerOn(ceph, schedule), 'data', { pool: 'fast' }),
      ]),
    );
    const codes = results.map(codeOf);
    const context = `seed ${seed}: ${codes.join(' ')}`;
    seen.add(codes.join(' '));
    const winners = results.filter(({ status }) => status === 'fulfilled');
    if (winners.length > 1) t.fail(`${context}: two volumes of one name`);
    for (const winner of winners)
      if (winner.status === 'fulfilled') {
        const { handle, sizeBytes } = winner.value;
        const image = imageOf(ceph, 'data', handle.pool);
        if (image.sizeBytes !== sizeBytes) t.fail(`${context}: another size than was answered`);
        if (image.metadata.get(RECORD_KEY) !== [...ceph.names.values()][0])
          t.fail(`${context}: a volume that the index does not know`);
      }
    await endAll(ceph, context, { volumes: ['data'] });
  }
  t.ok(seen.size >= 3, `each of them can win: ${[...seen].join('; ')}`);
});

t.test('a creation cut short anywhere is completed or replaced, and nothing is left', async (t) => {
  let cut = 0;
  for (let lives = 0; lives < 40; lives++) {
    for (const sizeBytes of [64n * MIB, 128n * MIB]) {
      for (const pool of ['rbd', 'fast']) {
        const ceph = new MemoryCeph();
        const dying = controllerOn(ceph, { step: immediate, wait: immediate }, lives);
        if (!(await ended(create(dying, 'data')))) cut++;
        const committed = [...ceph.names.values()].some((text) => parseRecord(text) !== undefined);
        const [result] = await Promise.allSettled([
          create(controllerOn(ceph), 'data', { sizeBytes, pool }),
        ]);
        const context = `after ${lives} operations, then ${sizeBytes} in ${pool}`;
        if (!committed) t.equal(result && codeOf(result), 'OK', context);
        await endAll(ceph, context, { volumes: ['data'] });
      }
    }
  }
  t.ok(cut > 30, `${cut} creations were really cut short`);
});

t.test('a creation cut short while two others create the same or another thing', async (t) => {
  for (let seed = 0; seed < 250; seed++) {
    const ceph = new MemoryCeph();
    const schedule = new Schedule(seed);
    create(controllerOn(ceph, schedule, schedule.random(14)), 'data').catch(() => undefined);
    const results = await schedule.run(
      Promise.allSettled([
        create(controllerOn(ceph, schedule), 'data'),
        create(controllerOn(ceph, schedule), 'data', {
          sizeBytes: (64n + (BigInt(seed) % 2n)) * MIB,
        }),
      ]),
    );
    const context = `seed ${seed}: ${results.map(codeOf).join(' ')}`;
    for (const result of results)
      if (result.status === 'fulfilled') {
        const image = ceph.images.get(pathIn('data'));
        if (image?.metadata.get(RECORD_KEY) !== [...ceph.names.values()][0])
          t.fail(`${context}: an answer that is lost`, ceph.leaks());
      }
    await endAll(ceph, context, { volumes: ['data'] });
  }
  t.pass('250 interleavings');
});
