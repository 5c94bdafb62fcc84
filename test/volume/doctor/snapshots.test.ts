import t from 'tap';
import { deleteSnapshot } from '../../../src/volume/snapshot/delete.js';
import { DATA, foundAndLeft, foundAndMended, here, nothingLeft } from './found.js';
import {
  create,
  kindsOf,
  look,
  mend,
  remove,
  snap,
  snapByHand,
  snapshotIds,
  workOff,
} from './rig.js';

t.test('snapshots', async (t) => {
  await t.test('an entry whose RBD snapshot somebody removed', async (t) => {
    const { ceph, controller, image } = await here();
    await snap(controller, 'one', 'data');
    image.snapshots = [];
    await foundAndMended(t, ceph, 'snapshot-entry-without-snapshot');
    await nothingLeft(t, ceph);
  });
  await t.test('one whose entry is lost gets it back where its name tells it', async (t) => {
    const { ceph, controller, snapshotNames } = await here();
    const { id } = await snap(controller, 'one', 'data');
    const text = [...snapshotNames.entries.values()];
    snapshotNames.entries.clear();
    await foundAndMended(t, ceph, 'snapshot-without-entry');
    t.same([...snapshotNames.entries.values()], text);
    t.same(await snapshotIds(ceph), [id]);
    await nothingLeft(t, ceph);
  });
  await t.test('and where it does not, nobody removes what a user may know of', async (t) => {
    const { ceph, controller, image, snapshotNames } = await here();
    await snap(controller, 'a name of more than twenty-four letters', 'data');
    snapshotNames.entries.clear();
    await foundAndLeft(t, ceph, 'snapshot-without-entry');
    t.equal(image.snapshots.length, 1);
  });
  await t.test('one that lost its name before it was finished', async (t) => {
    const { ceph, controller, image, snapshotNames } = await here();
    await snap(controller, 'one', 'data');
    snapshotNames.entries.clear();
    const { id } = await snap(controller, 'one', 'data');
    await foundAndMended(t, ceph, 'unclaimed-snapshot');
    await workOff(ceph);
    t.equal(image.snapshots.length, 1);
    t.same(await snapshotIds(ceph), [id]);
    await nothingLeft(t, ceph);
  });
  await t.test('one that a volume was cloned through', async (t) => {
    const { ceph, controller, image, names } = await here();
    await create(controller, 'cloned', { source: { kind: 'volume', id: DATA } });
    t.equal(image.snapshots.length, 1);
    names.tasks.clear();
    await foundAndMended(t, ceph, 'helper-snapshot-left');
    await nothingLeft(t, ceph);
  });
  await t.test("an operator's own is the operator's", async (t) => {
    const { ceph, image } = await here();
    for (const name of ['by-hand', 'before-upgrade-2026', 'csi-snap-0f1d'])
      snapByHand(ceph, image, name);
    t.same(await look(ceph), []);
    for (const snapshot of image.snapshots) snapshot.kind = 'trash';
    t.same(await look(ceph), []);
  });
  await t.test('one whose removal was cut short inside Ceph', async (t) => {
    const { ceph, controller, image, snapshotNames, names } = await here();
    const { id } = await snap(controller, 'one', 'data');
    const [snapshot] = image.snapshots;
    if (snapshot === undefined) throw new Error('there is no snapshot');
    await create(controller, 'cloned', { source: { kind: 'volume', id: DATA } });
    await deleteSnapshot(controller, id, undefined);
    const helper = image.snapshots.find(({ name }) => name !== snapshot.name);
    snapshot.kind = 'trash';
    t.same(await look(ceph), [], 'a task goes on with it');
    snapshotNames.tasks.clear();
    names.tasks.clear();
    if (helper !== undefined) helper.kind = 'trash';
    await foundAndMended(t, ceph, 'half-removed-snapshot');
    await workOff(ceph);
    t.same(image.snapshots, [helper], 'one that a clone keeps stays');
    helper?.children.clear();
    await remove(controller, 'cloned');
    t.same(await look(ceph), [], 'the freeing of its clone goes on with it');
    names.tasks.clear();
    ceph.trash.clear();
    for (const { id, parent } of ceph.headers.values())
      if (parent !== undefined) ceph.headers.delete(id);
    await foundAndMended(t, ceph, 'half-removed-snapshot');
    await nothingLeft(t, ceph);
  });
  await t.test('one whose removal was cut short, of a name that is taken again', async (t) => {
    const { ceph, controller, image, snapshotNames } = await here();
    const { id } = await snap(controller, 'one', 'data');
    const [snapshot] = image.snapshots;
    if (snapshot === undefined) throw new Error('there is no snapshot');
    snapshot.kind = 'trash';
    snapByHand(ceph, image, snapshot.name);
    t.same(await look(ceph), [], 'what removes it would remove the other');
    const [entry] = [...snapshotNames.entries];
    snapshotNames.entries.clear();
    t.same(kindsOf(await look(ceph)), ['snapshot-without-entry'], 'nor where no entry has it');
    snapshotNames.entries.set(...(entry ?? ['', '']));
    image.snapshots = [snapshot];
    t.same(kindsOf(await look(ceph)), ['snapshot-entry-without-snapshot']);
    await mend(ceph);
    t.same(await look(ceph), []);
    t.same(await snapshotIds(ceph), []);
    t.equal(snapshotNames.tasks.size, 1, `the removal of ${id} is left to the background`);
    await nothingLeft(t, ceph);
  });
  await t.test('a task that is there once more is a task', async (t) => {
    const { ceph, controller, image, names } = await here();
    await create(controller, 'cloned', { source: { kind: 'volume', id: DATA } });
    for (const [id, value] of [...names.tasks]) {
      names.tasks.delete(id);
      names.tasks.set(`${id} 0123456789abcdef`, value);
    }
    t.equal(image.snapshots.length, 1);
    t.same(await look(ceph), []);
  });
});
