import t from 'tap';
import { freeDeleted } from '../../../src/volume/delete/free.js';
import { listDeleted } from '../../../src/volume/delete/list-deleted.js';
import { undeleteVolume } from '../../../src/volume/delete/undelete.js';
import { formatHandle } from '../../../src/volume/handle.js';
import { RECORD_KEY } from '../../../src/volume/record.js';
import { MemoryCeph } from '../memory-ceph.js';
import {
  create,
  endAll,
  handleOf,
  imageOf,
  make,
  pathIn,
  remove,
  snap,
  volumeIds,
} from './calls.js';
import { codeOf, controllerOn, ended, immediate, Schedule, workOff, workOnce } from './schedule.js';

// A lost undeletion would be an answer OK without the image under its name, its content, its index entry and a way
// to publish it; data freed that somebody has would be an image without its header; an orphan is anything in Ceph
// when all that is listed is deleted.

const undelete = (controller: Parameters<typeof undeleteVolume>[0], imageId = '') =>
  undeleteVolume(controller, handleOf('data'), imageId);

/** A Ceph with a deleted volume, which is kept for as long as nobody says otherwise. */
async function withDeleted(snapshot: boolean) {
  const ceph = new MemoryCeph();
  const image = await make(ceph, 'data', 'old');
  if (snapshot) await snap(controllerOn(ceph), 'daily', 'data');
  const keeping = controllerOn(ceph, undefined, undefined, { retentionMs: 3_600_000 });
  await remove(keeping, 'data');
  return { ceph, id: image.id };
}

function checkBack(ceph: MemoryCeph, context: string, id: string): void {
  const image = ceph.images.get(pathIn('data'));
  if (image?.id !== id) return void t.fail(`${context}: it is not back`, ceph.leaks());
  if (image.content !== 'old') t.fail(`${context}: it has "${image.content}"`);
  if (ceph.nameOf(id) !== pathIn('data')) t.fail(`${context}: the directory does not have it`);
  if (ceph.trash.has(id)) t.fail(`${context}: the trash has it too, and may be emptied`);
  const entry = [...ceph.names.values()];
  if (entry.length !== 1 || entry[0] !== image.metadata.get(RECORD_KEY))
    t.fail(`${context}: the index has ${entry.join()}`);
}

for (const snapshot of [false, true])
  t.test(
    `undeletions, a creation, an end of the retention, and work${snapshot ? ', with a snapshot' : ''}`,
    async (t) => {
      const seen = new Set<string>();
      for (let seed = 0; seed < 400; seed++) {
        const { ceph, id } = await withDeleted(snapshot);
        const schedule = new Schedule(seed);
        const worker = controllerOn(ceph, schedule);
        const other = controllerOn(ceph, schedule);
        const results = await schedule.run(
          Promise.allSettled([
            undelete(controllerOn(ceph, schedule)),
            seed % 2 === 0 ? undelete(other) : create(other, 'data'),
            seed % 3 === 0
              ? Promise.resolve()
              : freeDeleted(controllerOn(ceph, schedule), handleOf('data'), ''),
            workOnce(worker.clusters).then(() => workOnce(worker.clusters)),
            workOnce(controllerOn(ceph, schedule).clusters),
          ]),
        );
        const codes = results.map(codeOf);
        const context = `seed ${seed}: ${codes.join(' ')}`;
        seen.add(codes.join(' '));
        if (codes[3] !== 'OK' || codes[4] !== 'OK') t.fail(`${context}: the work failed`);
        const isBack = codes[0] === 'OK' || (seed % 2 === 0 && codes[1] === 'OK');
        if (isBack) checkBack(ceph, context, id);
        await workOff(ceph);
        if (isBack) checkBack(ceph, `${context}, after the work`, id);
        if (seed % 2 === 1 && codes[1] === 'OK') {
          // Where the old one is back, the creation found it.
          const { content } = imageOf(ceph, 'data');
          if (content !== (isBack ? 'old' : '')) t.fail(`${context}: it has "${content}"`);
        }
        await freeAll(ceph);
        await endAll(ceph, context, { volumes: ['data'] });
      }
      t.ok(seen.size >= 4, [...seen].join('; '));
    },
  );

/** Ends the retention of all that is kept. */
async function freeAll(ceph: MemoryCeph): Promise<void> {
  ceph.forgetClients();
  const controller = controllerOn(ceph);
  for (const { handle, imageId } of await listDeleted(controller))
    await freeDeleted(controller, handle, imageId);
}

t.test('an undeletion cut short anywhere is finished by the next one', async (t) => {
  let cut = 0;
  for (let lives = 0; lives < 40; lives++)
    for (const snapshot of [false, true]) {
      const { ceph, id } = await withDeleted(snapshot);
      const dying = controllerOn(ceph, { step: immediate, wait: immediate }, lives);
      const isEnded = await ended(undelete(dying));
      const context = `after ${lives}${snapshot ? ', with a snapshot' : ''}`;
      await workOff(ceph);
      if (!isEnded) {
        cut++;
        const volume = await undelete(controllerOn(ceph));
        t.equal(formatHandle(volume.handle), handleOf('data'));
      }
      checkBack(ceph, context, id);
      t.same(await volumeIds(controllerOn(ceph)), [handleOf('data')], context);
      await endAll(ceph, context, {});
    }
  t.ok(cut > 20, `${cut} were really cut short`);
});

t.test('a deletion while an undeletion is unfinished: finished first, then deleted', async (t) => {
  const seen = new Set<unknown>();
  for (let lives = 0; lives < 40; lives++)
    for (const snapshot of [false, true]) {
      const { ceph } = await withDeleted(snapshot);
      const dying = controllerOn(ceph, { step: immediate, wait: immediate }, lives);
      await ended(undelete(dying));
      ceph.forgetClients();
      const context = `after ${lives}${snapshot ? ', with a snapshot' : ''}`;
      // Either it is deleted, or the undeletion is to be finished first.
      const [first] = await Promise.allSettled([remove(controllerOn(ceph), 'data')]);
      const code = first && codeOf(first);
      seen.add(code);
      if (code !== 'OK') await undelete(controllerOn(ceph));
      else await undelete(controllerOn(ceph)).catch(() => undefined);
      await remove(controllerOn(ceph), 'data');
      if ((await volumeIds(controllerOn(ceph))).length > 0) t.fail(`${context}: it is listed`);
      await freeAll(ceph);
      await endAll(ceph, context, { volumes: ['data'] });
    }
  t.same([...seen].sort(), ['ABORTED', 'OK']);
});

t.test('what a creation threw away is no deleted volume', async (t) => {
  let thrownAway = 0;
  for (let lives = 0; lives < 14; lives++) {
    const { ceph, id } = await withDeleted(false);
    // A creation that loses its name to another place's, and whose image comes into the trash.
    await ended(create(controllerOn(ceph, { step: immediate, wait: immediate }, lives), 'data'));
    const [other] = await Promise.allSettled([
      create(controllerOn(ceph), 'data', { pool: 'fast' }),
    ]);
    if (other === undefined || codeOf(other) !== 'OK') continue;
    await remove(controllerOn(ceph), 'data', 'fast');
    thrownAway += ceph.trash.size > 2 ? 1 : 0;
    const listed = await listDeleted(controllerOn(ceph));
    const ids = listed
      .filter(({ handle }) => handle === handleOf('data'))
      .map(({ imageId }) => imageId);
    t.same(ids, [id], `after ${lives}`);
    await undelete(controllerOn(ceph));
    checkBack(ceph, `after ${lives}`, id);
  }
  t.ok(thrownAway > 0, `${thrownAway} images were thrown away`);
});

t.test('an undeletion while deletions are late: back, or deleted whole', async (t) => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 800; seed++) {
    const ceph = new MemoryCeph();
    const { id } = await make(ceph, 'data', 'old');
    if (seed % 2 === 0) await snap(controllerOn(ceph), 'daily', 'data');
    const schedule = new Schedule(seed);
    const options = { retentionMs: 3_600_000 };
    const deletions = [0, 1].map(() =>
      remove(controllerOn(ceph, schedule, undefined, options), 'data'),
    );
    const operator = controllerOn(ceph, schedule);
    const results = await schedule.run(
      Promise.allSettled([
        Promise.race(deletions).then(() => undelete(operator)),
        ...deletions,
        workOnce(controllerOn(ceph, schedule).clusters),
      ]),
    );
    const codes = results.map(codeOf);
    const context = `seed ${seed}: ${codes.join(' ')}`;
    await workOff(ceph);
    const isListed = (await volumeIds(controllerOn(ceph))).length > 0;
    seen.add(`${codes.join(' ')} ${isListed}`);
    if (isListed) checkBack(ceph, context, id);
    // Where the late deletion took it again, it can be taken back again.
    else {
      await undelete(controllerOn(ceph));
      checkBack(ceph, `${context}, then once more`, id);
    }
    await endAll(ceph, context, {});
  }
  t.ok(seen.size >= 3, [...seen].join('; '));
});

t.test(
  'a volume whose image an operator purged is not taken back, and its name is free',
  async (t) => {
    for (let lives = 0; lives < 14; lives++) {
      const { ceph, id } = await withDeleted(false);
      await ended(undelete(controllerOn(ceph, { step: immediate, wait: immediate }, lives)));
      if (ceph.images.has(pathIn('data'))) continue;
      ceph.trash.delete(id);
      ceph.headers.delete(id);
      await t.rejects(undelete(controllerOn(ceph)), { code: 'NOT_FOUND' }, `after ${lives}`);
      await create(controllerOn(ceph), 'data');
      // The work finds nothing to free when its time has come.
      ceph.indexes.names.tasks.clear();
      await endAll(ceph, `after ${lives}`, {});
    }
    t.pass('whatever was done before');
  },
);

t.test('an image that Pannier did not make and that has the name keeps it', async (t) => {
  for (const snapshot of [false, true]) {
    const { ceph, id } = await withDeleted(snapshot);
    const cluster = controllerOn(ceph).clusters.get('main');
    const [pool = '', namespace = '', image = ''] = pathIn('data').split('/');
    const layout = ceph.headers.get(id)?.layout;
    if (layout !== undefined) await cluster.createImage({ pool, namespace, image }, layout);
    const other = ceph.ids.get(pathIn('data'));
    await t.rejects(undelete(controllerOn(ceph)), { code: 'ALREADY_EXISTS' });
    t.equal(ceph.ids.get(pathIn('data')), other);
    const [deleted] = await listDeleted(controllerOn(ceph));
    t.equal(deleted?.imageId, id, 'the volume can be taken back later');
    await cluster.trashImage({ pool, namespace, image }, other ?? '', new Date());
    await cluster.purgeTrashed({ pool, namespace }, other ?? '', undefined);
    await undelete(controllerOn(ceph));
    checkBack(ceph, 'after the other was removed', id);
  }
});

t.test(
  'a late deletion of a volume that is made anew or taken back: whole, or not at all',
  async (t) => {
    for (let seed = 0; seed < 600; seed++) {
      const { ceph } = await withDeleted(false);
      const schedule = new Schedule(seed);
      const other = controllerOn(ceph, schedule);
      const results = await schedule.run(
        Promise.allSettled([
          remove(controllerOn(ceph, schedule), 'data'),
          seed % 4 < 2 ? create(other, 'data') : undelete(other),
        ]),
      );
      const context = `seed ${seed}: ${results.map(codeOf).join(' ')}`;
      const isListed = (await volumeIds(controllerOn(ceph))).length > 0;
      if (isListed !== ceph.images.has(pathIn('data')))
        t.fail(`${context}: a volume that is not listed`);
    }
    t.pass('600 interleavings');
  },
);

t.test('a creation that meets an equal one and its deletion throws nothing away', async (t) => {
  for (let seed = 0; seed < 800; seed++) {
    const ceph = new MemoryCeph();
    const schedule = new Schedule(seed);
    const one = controllerOn(ceph, schedule, undefined, { retentionMs: 3_600_000 });
    const two = controllerOn(ceph, schedule);
    let deleted: string | undefined;
    await schedule.run(
      Promise.allSettled([
        create(one, 'data').then(() => {
          deleted = imageOf(ceph, 'data').id;
          return remove(one, 'data');
        }),
        create(two, 'data'),
      ]),
    );
    const kept = (await listDeleted(controllerOn(ceph))).map(({ imageId }) => imageId);
    if (deleted !== undefined && !ceph.images.has(pathIn('data')) && !kept.includes(deleted))
      t.fail(`seed ${seed}: the deleted volume can't be taken back`);
    if (deleted !== undefined && imageIdOf(ceph) !== deleted && !kept.includes(deleted))
      t.fail(`seed ${seed}: the deleted volume can't be taken back, beside a new one`);
  }
  t.pass('800 interleavings');
});

const imageIdOf = (ceph: MemoryCeph) => ceph.images.get(pathIn('data'))?.id;
