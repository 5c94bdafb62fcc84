import t from 'tap';
import type { Snapshot } from '../../src/proto/csi/v1/csi_pb.js';
import { bytesOf, specOf, writeTo } from '../lab/bytes.js';
import { startCeph } from '../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { codeOf } from '../lab/plugin.js';
import { createVolume, MIB, Plugins, refused } from '../plugin/refusal.js';

// What the CSI specification says of snapshots and csi-sanity does not try. Each test is one of its rules.

const SIZE = 16n * MIB;

const ceph = await startCeph();
const plugins = new Plugins();
const plugin = await plugins.start({ clusters: [ceph.settings], mode: 'controller' });
const { controller } = plugin;

async function snap(name: string, sourceVolumeId: string): Promise<Snapshot> {
  const { snapshot } = await controller.createSnapshot({ name, sourceVolumeId });
  if (snapshot === undefined) throw new Error('CreateSnapshot answered no snapshot');
  return snapshot;
}

async function listed(filter: { snapshotId?: string; sourceVolumeId?: string } = {}) {
  const { entries } = await controller.listSnapshots(filter);
  return entries.map(({ snapshot }) => snapshot);
}

const drop = (volumeId: string) => controller.deleteVolume({ volumeId });
const remove = (snapshotId: string) => controller.deleteSnapshot({ snapshotId });

t.test(
  'CreateSnapshot: all that it answers is right, and GetSnapshot and ListSnapshots agree',
  async (t) => {
    const volume = await createVolume(plugin, 'answered', SIZE + 512n);
    const before = Date.now();
    const snapshot = await snap('answered', volume);
    const after = Date.now();
    t.match(snapshot, { sourceVolumeId: volume, sizeBytes: SIZE + 512n, readyToUse: true });
    t.equal(snapshot.groupSnapshotId, '');
    const created = Number(snapshot.creationTime?.seconds) * 1000;
    t.ok(created > before - 1000 && created <= after, 'creation_time is when it was taken');
    t.same((await controller.getSnapshot({ snapshotId: snapshot.snapshotId })).snapshot, snapshot);
    t.same(await listed({ snapshotId: snapshot.snapshotId }), [snapshot]);
    t.match(await ceph.rbd('snap', 'ls', specOf(volume)), snapshot.snapshotId.split('@')[1] ?? '-');
    await controller.controllerExpandVolume({
      volumeId: volume,
      capacityRange: { requiredBytes: 2n * SIZE },
    });
    t.same((await controller.getSnapshot({ snapshotId: snapshot.snapshotId })).snapshot, snapshot);
    await remove(snapshot.snapshotId);
    await drop(volume);
  },
);

t.test('CreateSnapshot: the same name and source is the same snapshot', async (t) => {
  const volume = await createVolume(plugin, 'same', SIZE);
  const snapshot = await snap('same', volume);
  t.same(await snap('same', volume), snapshot);
  t.same(await Promise.all([snap('same', volume), snap('same', volume)]), [snapshot, snapshot]);
  t.equal((await ceph.rbd('snap', 'ls', specOf(volume))).trim().split('\n').length, 2);
  await remove(snapshot.snapshotId);
  const anew = await snap('same', volume);
  t.not(anew.snapshotId, snapshot.snapshotId, 'a deleted one is not meant by the next of its name');
  await remove(anew.snapshotId);
  await drop(volume);
});

t.test('CreateSnapshot: the same name and another source is ALREADY_EXISTS', async (t) => {
  const [one, other] = [
    await createVolume(plugin, 'one', SIZE),
    await createVolume(plugin, 'other', SIZE),
  ];
  const { snapshotId } = await snap('taken', one);
  await refused(t, snap('taken', other), 'ALREADY_EXISTS', '"taken"', snapshotId, one);
  t.same(await listed({ sourceVolumeId: other }), []);
  t.notMatch(await ceph.rbd('snap', 'ls', specOf(other)), 'taken');
  await remove(snapshotId);
  t.match(await snap('taken', other), { sourceVolumeId: other }, 'the name is free again');
  const [left] = await listed({ sourceVolumeId: other });
  await remove(left?.snapshotId ?? '');
  await drop(one);
  await drop(other);
});

t.test('CreateSnapshot: a source that is missing is NOT_FOUND', async (t) => {
  const absent = `${ceph.name}/${ceph.pool}/pannier-absent`;
  await refused(t, snap('missing', absent), 'NOT_FOUND', absent);
  await refused(t, snap('missing', 'not-a-handle'), 'NOT_FOUND', 'not-a-handle');
  const volume = await createVolume(plugin, 'gone', SIZE);
  await drop(volume);
  await refused(t, snap('missing', volume), 'NOT_FOUND', volume);
});

t.test('CreateSnapshot: parameters that are unknown are INVALID_ARGUMENT', async (t) => {
  const sourceVolumeId = await createVolume(plugin, 'parameters', SIZE);
  const create = controller.createSnapshot({
    ...{ name: 'parameters', sourceVolumeId, parameters: { pool: ceph.pool } },
  });
  await refused(t, create, 'INVALID_ARGUMENT', 'parameters', '"pool"');
  t.same(await listed({ sourceVolumeId }), []);
  await drop(sourceVolumeId);
});

t.test('DeleteSnapshot: one that is unknown is OK', async (t) => {
  const volume = await createVolume(plugin, 'unknown', SIZE);
  const { snapshotId } = await snap('unknown', volume);
  await remove(snapshotId);
  t.equal(await codeOf(remove(snapshotId)), 'OK', 'deleted already');
  t.equal(await codeOf(remove('not-a-handle')), 'OK');
  t.equal(await codeOf(remove(`${snapshotId.slice(0, -1)}x`)), 'OK');
  await drop(volume);
});

t.test('DeleteSnapshot: volumes that were made from it keep their bytes', async (t) => {
  const volume = await createVolume(plugin, 'base', SIZE);
  await writeTo(ceph, volume, 3);
  const bytes = await bytesOf(ceph, volume);
  const { snapshotId } = await snap('base', volume);
  await writeTo(ceph, volume, 5);
  const source = { type: { case: 'snapshot' as const, value: { snapshotId } } };
  const restored = await createVolume(plugin, 'restored', SIZE, { volumeContentSource: source });
  t.equal(await bytesOf(ceph, restored), bytes);
  t.equal(await codeOf(remove(snapshotId)), 'OK');
  t.same(await listed({ sourceVolumeId: volume }), []);
  await refused(
    t,
    createVolume(plugin, 'too-late', SIZE, { volumeContentSource: source }),
    'NOT_FOUND',
    snapshotId,
  );
  t.equal(await codeOf(drop(volume)), 'OK');
  t.equal(await bytesOf(ceph, restored), bytes, 'when its source is deleted too');
  await drop(restored);
  t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
});

t.test('DeleteVolume: a snapshot stays usable when its volume is deleted', async (t) => {
  const volume = await createVolume(plugin, 'outlived', SIZE);
  await writeTo(ceph, volume, 2);
  const bytes = await bytesOf(ceph, volume);
  const snapshot = await snap('outlived', volume);
  await drop(volume);
  t.equal(await codeOf(controller.controllerGetVolume({ volumeId: volume })), 'NOT_FOUND');
  t.same((await controller.listVolumes({})).entries, []);
  t.same(await listed({ sourceVolumeId: volume }), [snapshot]);
  t.same(await snap('outlived', volume), snapshot, 'asked for again, it is there');

  const anew = await createVolume(plugin, 'outlived', SIZE);
  t.equal(anew, volume, 'the name can be used again, which is the same handle');
  t.equal(await bytesOf(ceph, anew), await bytesOf(ceph, await blank()), 'it is blank');
  t.same(await listed({ sourceVolumeId: volume }), [snapshot]);
  const { snapshotId } = snapshot;
  const source = { type: { case: 'snapshot' as const, value: { snapshotId } } };
  const restored = await createVolume(plugin, 'again', SIZE, { volumeContentSource: source });
  t.equal(await bytesOf(ceph, restored), bytes);
  await Promise.all([drop(anew), drop(restored), remove(snapshotId)]);
  await drop(`${ceph.name}/${ceph.pool}/${(await blank()).split('/')[2]}`);
  t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
});

function blank(): Promise<string> {
  return createVolume(plugin, 'blank', SIZE);
}

t.test('GetSnapshot: one that is missing is NOT_FOUND', async (t) => {
  const volume = await createVolume(plugin, 'get', SIZE);
  const { snapshotId } = await snap('get', volume);
  await remove(snapshotId);
  for (const id of [snapshotId, 'not-a-handle', volume, `${volume}@`, `${volume}@snap`])
    await refused(t, controller.getSnapshot({ snapshotId: id }), 'NOT_FOUND', `"${id}"`);
  await drop(volume);
});

t.test('ListSnapshots: an unknown id or source is an empty list', async (t) => {
  const volume = await createVolume(plugin, 'filters', SIZE);
  const { snapshotId } = await snap('filters', volume);
  for (const filter of [
    { snapshotId: 'not-a-handle' },
    { snapshotId: `${snapshotId}x` },
    { sourceVolumeId: 'not-a-handle' },
    { sourceVolumeId: `${volume}x` },
    { snapshotId, sourceVolumeId: `${volume}x` },
    { snapshotId: `${snapshotId}x`, sourceVolumeId: volume },
  ])
    t.same(await listed(filter), [], JSON.stringify(filter));
  t.match(await listed({ snapshotId, sourceVolumeId: volume }), [{ snapshotId }]);
  await remove(snapshotId);
  await drop(volume);
});

t.test(
  'ListSnapshots: pages hold what was asked for, while others are made and deleted',
  async (t) => {
    const [one, other] = [
      await createVolume(plugin, 'paged', SIZE),
      await createVolume(plugin, 'beside', SIZE),
    ];
    const wanted: string[] = [];
    const numbers = Array.from({ length: 12 }, (_, n) => n);
    await Promise.all(
      numbers.map(async (n) => {
        wanted.push((await snap(`paged-${n}`, one)).snapshotId);
        await snap(`beside-${n}`, other);
      }),
    );
    for (const most of [1, 5, 12, 13]) {
      const found: string[] = [];
      let token = '';
      do {
        const page = await controller.listSnapshots({
          ...{ maxEntries: most, startingToken: token, sourceVolumeId: one },
        });
        const left = wanted.length - found.length;
        t.equal(page.entries.length, Math.min(most, left), `${most} at most, ${left} left`);
        found.push(...page.entries.map(({ snapshot }) => snapshot?.snapshotId ?? ''));
        token = page.nextToken;
        const { snapshotId } = await snap(`between-${found.length}`, other);
        await remove(snapshotId);
      } while (token !== '');
      t.same([...found].sort(), [...wanted].sort(), `each once, ${most} a page`);
    }
    const all: (string | undefined)[] = [];
    for (let token = ''; ; ) {
      const page = await controller.listSnapshots({ maxEntries: 7, startingToken: token });
      all.push(...page.entries.map(({ snapshot }) => snapshot?.snapshotId));
      token = page.nextToken;
      if (token === '') break;
    }
    t.equal(new Set(all).size, 24);
    t.equal(all.length, 24);
    await Promise.all(all.map((id) => remove(id ?? '')));
    await Promise.all([drop(one), drop(other)]);
    t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
  },
);
