import t from 'tap';
import type { Controller } from '../../../src/volume/controller.js';
import { expandVolume } from '../../../src/volume/expand.js';
import { DELETING_KEY } from '../../../src/volume/marks.js';
import { publishVolume } from '../../../src/volume/publish.js';
import { MemoryCeph } from '../memory-ceph.js';
import {
  create,
  endAll,
  handleOf,
  imageOf,
  MIB,
  make,
  pathIn,
  remove,
  snap,
  unsnap,
  volumeIds,
} from './calls.js';
import { codeOf, controllerOn, ended, immediate, Schedule, workOff, workOnce } from './schedule.js';

// A volume that is published and deleted would be two answers OK and no image; a deletion that is lost an answer OK
// and a volume that is listed; an orphan is anything in Ceph when all that is listed is deleted.

const NODES = [
  ['n1', '192.0.2.1'],
  ['n2', '192.0.2.2'],
] as const;

function withNodes(): MemoryCeph {
  const ceph = new MemoryCeph();
  for (const [name, address] of NODES)
    ceph.nodes.set(name, JSON.stringify({ hostname: name, address }));
  return ceph;
}

function publish(controller: Controller, nodeId: string): Promise<void> {
  return publishVolume(controller, {
    volumeId: handleOf('data'),
    nodeId,
    capability: { access: { kind: 'block' }, mode: 'SINGLE_NODE_WRITER' },
    readonly: false,
    credentials: undefined,
  });
}

const expand = (controller: Controller, mib: bigint) =>
  expandVolume(
    controller,
    handleOf('data'),
    { requiredBytes: mib * MIB, limitBytes: 0n },
    undefined,
  );

t.test('deletions, expansions and publications: nothing published is deleted', async (t) => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 500; seed++) {
    const ceph = withNodes();
    await make(ceph, 'data', 'old');
    const schedule = new Schedule(seed);
    const one = controllerOn(ceph, schedule);
    const two = controllerOn(ceph, schedule);
    const results = await schedule.run(
      Promise.allSettled([
        remove(one, 'data'),
        remove(two, 'data'),
        seed % 3 === 0 ? remove(controllerOn(ceph, schedule), 'data') : publish(two, 'n2'),
        publish(one, 'n1'),
        expand(one, 80n),
        expand(two, 70n),
      ]),
    );
    const codes = results.map(codeOf);
    const context = `seed ${seed}: ${codes.join(' ')}`;
    seen.add(codes.join(' '));
    const deleted = codes.slice(0, seed % 3 === 0 ? 3 : 2);
    const published = codes.slice(deleted.length, 4);
    const image = ceph.images.get(pathIn('data'));
    if (published.filter((code) => code === 'OK').length > 1) t.fail(`${context}: two writers`);
    if (published.includes('OK') && image === undefined)
      t.fail(`${context}: deleted while it was published`);
    if (deleted.includes('OK') !== (image === undefined))
      t.fail(`${context}: the image and the answers differ`);
    if (!deleted.includes('OK') && image?.metadata.has(DELETING_KEY))
      t.fail(`${context}: nobody deletes it and it is marked`);
    if (codes[4] === 'OK' && image !== undefined && image.sizeBytes < 80n * MIB)
      t.fail(`${context}: shrunk to ${image.sizeBytes}`);
    if (image === undefined) await endAll(ceph, context, {});
  }
  t.ok(seen.size >= 5, [...seen].join('; '));
});

t.test(
  'deletions, snapshots and their removals at once: out of the listing, no orphan',
  async (t) => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 400; seed++) {
      const ceph = new MemoryCeph();
      await make(ceph, 'data', 'old');
      const { id } = await snap(controllerOn(ceph), 'daily', 'data');
      const schedule = new Schedule(seed);
      const worker = controllerOn(ceph, schedule);
      const results = await schedule.run(
        Promise.allSettled([
          remove(controllerOn(ceph, schedule), 'data'),
          remove(controllerOn(ceph, schedule), 'data'),
          unsnap(controllerOn(ceph, schedule), id),
          snap(controllerOn(ceph, schedule), 'weekly', 'data'),
          workOnce(worker.clusters).then(() => workOnce(worker.clusters)),
        ]),
      );
      const codes = results.map(codeOf);
      const context = `seed ${seed}: ${codes.join(' ')}`;
      seen.add(codes.join(' '));
      if (codes.slice(0, 3).join(' ') !== 'OK OK OK') t.fail(`${context}: refused`);
      if ((await volumeIds(controllerOn(ceph))).length > 0) t.fail(`${context}: it is listed`);
      if (ceph.images.has(pathIn('data'))) t.fail(`${context}: it has its name still`);
      await endAll(ceph, context, { snapshots: ['weekly'] });
    }
    t.ok(seen.size >= 2, [...seen].join('; '));
  },
);

t.test('deletions while the volume is made anew: what was answered is there', async (t) => {
  for (let seed = 0; seed < 400; seed++) {
    const ceph = new MemoryCeph();
    const old = await make(ceph, 'data', 'old');
    const withSnapshot = seed % 2 === 0;
    if (withSnapshot) await snap(controllerOn(ceph), 'daily', 'data');
    const schedule = new Schedule(seed);
    const one = controllerOn(ceph, schedule);
    const worker = controllerOn(ceph, schedule);
    let madeAt = 0;
    let deletedAt = 0;
    let clock = 0;
    const results = await schedule.run(
      Promise.allSettled([
        remove(one, 'data').then(() => create(one, 'data')),
        remove(controllerOn(ceph, schedule), 'data').then(() => {
          deletedAt = ++clock;
        }),
        workOnce(worker.clusters).then(() => workOnce(worker.clusters)),
      ]).then((all) => {
        madeAt = ++clock;
        return all;
      }),
    );
    const codes = results.map(codeOf);
    const context = `seed ${seed}: ${codes.join(' ')} ${madeAt} ${deletedAt}`;
    const image = ceph.images.get(pathIn('data'));
    if (image?.id === old.id) t.fail(`${context}: the old image is back`);
    // The second deletion may have met the new volume; then that is deleted whole.
    const listed = (await volumeIds(controllerOn(ceph))).length;
    if (listed !== (image === undefined ? 0 : 1))
      t.fail(`${context}: the listing and the image differ`);
    await endAll(ceph, context, { volumes: ['data'] });
  }
  t.pass('400 interleavings');
});

t.test('a deletion cut short anywhere is finished by the next one', async (t) => {
  let cut = 0;
  for (let lives = 0; lives < 40; lives++)
    for (const kind of [
      'blank',
      'with a snapshot',
      'whose snapshot goes meanwhile',
      'in the work',
    ]) {
      const ceph = new MemoryCeph();
      await make(ceph, 'data', 'old');
      const context = `${kind}, after ${lives}`;
      const snapshot = kind.includes('snapshot')
        ? await snap(controllerOn(ceph), 'daily', 'data')
        : undefined;
      const dying = controllerOn(ceph, { step: immediate, wait: immediate }, lives);
      if (kind === 'in the work') await remove(controllerOn(ceph), 'data');
      const call = kind === 'in the work' ? workOnce(dying.clusters) : remove(dying, 'data');
      if (!(await ended(call))) cut++;
      ceph.forgetClients();
      if (snapshot !== undefined && kind.includes('meanwhile')) {
        await unsnap(controllerOn(ceph), snapshot.id);
        await workOff(ceph);
      }
      await remove(controllerOn(ceph), 'data');
      if ((await volumeIds(controllerOn(ceph))).length > 0) t.fail(`${context}: it is listed`);
      await endAll(ceph, context, { volumes: lives % 2 === 0 ? ['data'] : [] });
    }
  t.ok(cut > 40, `${cut} were really cut short`);
});

t.test(
  'what is left of a deletion does not keep a volume of that name from being made',
  async (t) => {
    for (let lives = 0; lives < 30; lives++) {
      const ceph = new MemoryCeph();
      const old = await make(ceph, 'data', 'old');
      await ended(remove(controllerOn(ceph, { step: immediate, wait: immediate }, lives), 'data'));
      await remove(controllerOn(ceph), 'data');
      await create(controllerOn(ceph), 'data');
      if (imageOf(ceph, 'data').id === old.id) t.fail(`after ${lives}: the deleted image is back`);
      await endAll(ceph, `after ${lives}`, {});
    }
    t.pass('30 cuts');
  },
);
