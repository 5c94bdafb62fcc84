import t from 'tap';
import type { Controller } from '../../../src/volume/controller.js';
import { formatHandle } from '../../../src/volume/handle.js';
import { listVolumes } from '../../../src/volume/list.js';
import { listSnapshots } from '../../../src/volume/snapshot/list.js';
import { MemoryCeph } from '../memory-ceph.js';
import { create, handleOf, make, remove, snap, snapshotIds, unsnap, volumeIds } from './calls.js';
import { controllerOn, Schedule } from './schedule.js';

// A listing that is not stable would lack something that was there from its begin to its end, show it twice, or show
// what was gone before it began.

interface Page {
  readonly ids: readonly string[];
  readonly nextToken: string | undefined;
}

const pageOfVolumes = async (
  controller: Controller,
  size: number,
  token: string,
): Promise<Page> => {
  const { volumes, nextToken } = await listVolumes(controller, size, token);
  return { ids: volumes.map(({ handle }) => formatHandle(handle)), nextToken };
};

const pageOfSnapshots =
  (sourceVolumeId = '') =>
  async (controller: Controller, size: number, token: string): Promise<Page> => {
    const { snapshots, nextToken } = await listSnapshots(controller, {
      ...{ maxEntries: size, startingToken: token, sourceVolumeId, snapshotId: '' },
      credentials: undefined,
    });
    return { ids: snapshots.map(({ id }) => id), nextToken };
  };

type GetPage = (controller: Controller, size: number, token: string) => Promise<Page>;

async function pages(get: GetPage, controller: Controller, size: number): Promise<string[]> {
  const found: string[] = [];
  let token: string | undefined = '';
  do {
    const { ids, nextToken }: Page = await get(controller, size, token);
    if (size > 0 && ids.length > size)
      t.fail(`a page of ${ids.length} where ${size} were asked for`);
    if (nextToken !== undefined && ids.length === 0) t.fail('an empty page that is not the last');
    found.push(...ids);
    token = nextToken;
  } while (token !== undefined);
  return found;
}

/** 12 volumes, each second one with two snapshots. */
async function filled(): Promise<MemoryCeph> {
  const ceph = new MemoryCeph();
  for (let i = 0; i < 12; i++) {
    await make(ceph, `v${i}`, 'x');
    if (i % 2 === 0)
      for (const word of ['a', 'b']) await snap(controllerOn(ceph), `s${i}${word}`, `v${i}`);
  }
  return ceph;
}

t.test('pages of every size hold everything once, and end', async (t) => {
  const ceph = await filled();
  const controller = controllerOn(ceph);
  const volumes = [...(await volumeIds(controller))].sort();
  const snapshots = [...(await snapshotIds(controller))].sort();
  t.equal(volumes.length, 12);
  t.equal(snapshots.length, 12);
  for (let size = 0; size <= 13; size++) {
    t.same((await pages(pageOfVolumes, controller, size)).sort(), volumes);
    t.same((await pages(pageOfSnapshots(), controller, size)).sort(), snapshots);
    const ofOne = await pages(pageOfSnapshots(handleOf('v4')), controller, size);
    t.same(
      ofOne.map((id) => id.startsWith(handleOf('v4'))),
      [true, true],
    );
  }
});

t.test('a listing is stable while volumes and snapshots are made and deleted', async (t) => {
  for (let seed = 0; seed < 60; seed++) {
    const ceph = await filled();
    const before = {
      volumes: await volumeIds(controllerOn(ceph)),
      snapshots: await snapshotIds(controllerOn(ceph)),
    };
    const schedule = new Schedule(seed);
    const size = 1 + schedule.random(5);
    const list = (get: GetPage) => pages(get, controllerOn(ceph, schedule), size);
    const gone = before.snapshots.find((id) => id.includes('@s0a')) ?? '';
    const [volumes, snapshots, ofOne] = await schedule.run(
      Promise.all([
        list(pageOfVolumes),
        list(pageOfSnapshots()),
        list(pageOfSnapshots(handleOf('v4'))),
        remove(controllerOn(ceph, schedule), 'v1'),
        remove(controllerOn(ceph, schedule), 'v2'),
        create(controllerOn(ceph, schedule), `new${seed}`),
        unsnap(controllerOn(ceph, schedule), gone),
        snap(controllerOn(ceph, schedule), `new${seed}`, 'v6'),
      ]),
    );
    const context = `seed ${seed}, pages of ${size}`;
    const changed = ['v1', 'v2', `new${seed}`].map((name) => handleOf(name));
    const lasting = before.volumes.filter((id) => !changed.includes(id));
    check(`${context}: volumes`, volumes, lasting, [...before.volumes, handleOf(`new${seed}`)]);
    const kept = before.snapshots.filter((id) => id !== gone);
    const now = await snapshotIds(controllerOn(ceph));
    check(`${context}: snapshots`, snapshots, kept, [...before.snapshots, ...now]);
    check(
      `${context}: of one`,
      ofOne,
      kept.filter((id) => id.startsWith(handleOf('v4'))),
      kept,
    );
  }
  t.pass('60 interleavings');
});

function check(
  context: string,
  listed: readonly string[],
  lasting: readonly string[],
  possible: readonly string[],
): void {
  if (new Set(listed).size !== listed.length) t.fail(`${context}: twice: ${listed.join(', ')}`);
  const lost = lasting.filter((id) => !listed.includes(id));
  if (lost.length > 0) t.fail(`${context}: without ${lost.join(', ')}`);
  const strange = listed.filter((id) => !possible.includes(id));
  if (strange.length > 0) t.fail(`${context}: with ${strange.join(', ')}`);
}

t.test('a token of another listing, of another filter or of nobody is refused', async (t) => {
  const ceph = await filled();
  const controller = controllerOn(ceph);
  const { nextToken: ofVolumes = '' } = await pageOfVolumes(controller, 2, '');
  const { nextToken: ofSnapshots = '' } = await pageOfSnapshots()(controller, 2, '');
  const { nextToken: ofOne = '' } = await pageOfSnapshots(handleOf('v4'))(controller, 1, '');
  t.ok(ofVolumes && ofSnapshots && ofOne);
  const garbage = [
    'x',
    '/',
    'volumes/other/',
    ofVolumes.replace('main', 'other'),
    `${ofVolumes}x`,
    ofVolumes.slice(0, -1),
    ofSnapshots.replace('main', 'other'),
    `${ofSnapshots}/`,
    ofSnapshots.slice(0, -1),
    ` ${ofSnapshots}`,
    `${ofSnapshots}\n`,
    '../../x',
    'A'.repeat(5000),
  ];
  for (const token of [...garbage, ofSnapshots, ofOne])
    await t.rejects(pageOfVolumes(controller, 2, token), { code: 'ABORTED' }, `volumes: ${token}`);
  for (const token of [...garbage, ofVolumes, ofOne])
    await t.rejects(pageOfSnapshots()(controller, 2, token), { code: 'ABORTED' }, `all: ${token}`);
  for (const token of [...garbage, ofVolumes, ofSnapshots])
    await t.rejects(pageOfSnapshots(handleOf('v4'))(controller, 2, token), { code: 'ABORTED' });
  await t.rejects(pageOfSnapshots(handleOf('v2'))(controller, 2, ofOne), { code: 'ABORTED' });
});

t.test('a token of yesterday goes on where it was, whatever was deleted since', async (t) => {
  const ceph = await filled();
  const controller = controllerOn(ceph);
  const all = await pages(pageOfVolumes, controller, 0);
  const { nextToken = '' } = await pageOfVolumes(controller, 5, '');
  // The very ones around the place where the page ended.
  for (const at of [4, 5]) {
    const name = /-(v\d+)-/.exec(all[at] ?? '')?.[1] ?? '';
    await remove(controller, name);
  }
  t.same((await pageOfVolumes(controller, 0, nextToken)).ids, all.slice(6));
  const snapshots = await pages(pageOfSnapshots(), controller, 0);
  const { nextToken: token = '' } = await pageOfSnapshots()(controller, 5, '');
  for (const at of [4, 5]) await unsnap(controller, snapshots[at] ?? '');
  t.same((await pageOfSnapshots()(controller, 0, token)).ids, snapshots.slice(6));
});
