import t from 'tap';
import type { Controller } from '../../../src/volume/controller.js';
import { formatRestoring } from '../../../src/volume/delete/restoring.js';
import { undeleteVolume } from '../../../src/volume/delete/undelete.js';
import { examine } from '../../../src/volume/doctor/examine.js';
import { VolumeError } from '../../../src/volume/errors.js';
import { DELETING_KEY, DISCARDED_KEY } from '../../../src/volume/marks.js';
import { nameKey } from '../../../src/volume/name.js';
import {
  parseRecord,
  RECORD_KEY,
  restoredRecord,
  type VolumeRecord,
} from '../../../src/volume/record.js';
import { MemoryCeph, type MemoryImage } from '../memory-ceph.js';
import { DATA, foundAndLeft, foundAndMended, here, nothingLeft } from './found.js';
import {
  age,
  controllerOn,
  create,
  cutShort,
  handleOf,
  look,
  mend,
  NOTHING,
  nameImage,
  pathOf,
  remove,
  snap,
  snapByHand,
  trash,
  unname,
  use,
  volumeIds,
  workOff,
} from './rig.js';

t.test('a life without accidents leaves nothing to find, at any moment of it', async (t) => {
  const { ceph, controller } = await here();
  const { id } = await snap(controller, 'one', 'data');
  await create(controller, 'restored', { source: { kind: 'snapshot', id } });
  await create(controller, 'cloned', { source: { kind: 'volume', id: DATA } });
  t.same(await look(ceph), []);
  await workOff(ceph);
  t.same(await look(ceph), []);
  await remove(controller, 'data');
  t.same(await look(ceph), []);
  await undeleteVolume(controller, DATA, '');
  t.same(await look(ceph), []);
  await remove(controller, 'data');
  await workOff(ceph);
  t.same(await look(ceph), [], 'a tombstone with snapshots waits');
  await nothingLeft(t, ceph);
  t.same(await look(ceph), []);
});

t.test('a volume whose entry is lost gets it back', async (t) => {
  const { ceph, names, key } = await here();
  const text = names.entries.get(key);
  names.entries.delete(key);
  t.same(await volumeIds(ceph), []);
  await foundAndMended(t, ceph, 'image-without-entry');
  t.equal(names.entries.get(key), text);
  t.same(await volumeIds(ceph), [DATA]);
  await nothingLeft(t, ceph);
});

t.test('a deleted volume that somebody gave its name back is taken back', async (t) => {
  for (const snapshots of [0, 1]) {
    const { ceph, controller, image, names } = await here();
    if (snapshots > 0) await snap(controller, 'one', 'data');
    await remove(controller, 'data');
    ceph.trash.clear();
    for (const path of ceph.directory.keys()) unname(ceph, path);
    nameImage(ceph, pathOf('data'), image.id);
    await foundAndMended(t, ceph, 'image-taken-back');
    t.equal(names.tasks.size, 0);
    t.same(await volumeIds(ceph), [DATA]);
    await nothingLeft(t, ceph);
  }
});

t.test('and not where its space was being freed', async (t) => {
  const { ceph, controller, image, names } = await here();
  await remove(controller, 'data');
  ceph.trash.clear();
  nameImage(ceph, pathOf('data'), image.id);
  for (const [id, text] of names.tasks) names.tasks.set(id, text.replace('false', 'true'));
  await foundAndLeft(t, ceph, 'image-taken-back');
});

t.test('an image of a creation that lost its name', async (t) => {
  const lost = async () => {
    const found = await here();
    found.names.entries.delete(found.key);
    await create(found.controller, 'data', { pool: 'fast' });
    return found;
  };
  await t.test('goes where nothing was written to it', async (t) => {
    const { ceph } = await lost();
    await foundAndMended(t, ceph, 'image-of-lost-creation');
    await workOff(ceph);
    t.same([...ceph.images.keys()], [pathOf('data', 'fast')]);
    await nothingLeft(t, ceph);
  });
  const touches: Record<string, (image: MemoryImage, ceph: MemoryCeph) => unknown> = {
    'holds data': ({ id }, ceph) => ceph.written.add(id),
    'is in use': ({ id }, ceph) => use(ceph, id),
    'is published': ({ id, metadata }) =>
      metadata.set('pannier.published', JSON.stringify({ image: id, nodes: { n1: {} } })),
    'has snapshots': (image, ceph) => snapByHand(ceph, image, 'by-hand'),
  };
  for (const [what, touch] of Object.entries(touches))
    await t.test(`stays where it ${what}`, async (t) => {
      const { ceph, image } = await lost();
      touch(image, ceph);
      await foundAndLeft(t, ceph, 'image-of-lost-creation');
    });
});

t.test('what a deletion or a creation threw away and no task frees', async (t) => {
  await t.test('a discarded image', async (t) => {
    const { ceph, image, names, key } = await here();
    names.entries.delete(key);
    image.metadata.set(DISCARDED_KEY, image.id);
    await foundAndMended(t, ceph, 'discarded-image-without-task');
    await workOff(ceph);
    t.same(ceph.leaks(), NOTHING);
  });
  await t.test('an image in the trash', async (t) => {
    const { ceph, controller, names } = await here();
    await remove(controller, 'data');
    names.tasks.clear();
    await foundAndMended(t, ceph, 'trash-without-task');
    await workOff(ceph);
    t.same(ceph.leaks(), NOTHING);
  });
  await t.test("an operator's own trash is the operator's", async (t) => {
    const { ceph, image, names, key } = await here();
    names.entries.delete(key);
    trash(ceph, pathOf('data'), image);
    t.same(await look(ceph), []);
  });
  await t.test('a tombstone', async (t) => {
    const { ceph, controller, names } = await here();
    await snap(controller, 'one', 'data');
    await remove(controller, 'data');
    names.tasks.clear();
    await foundAndMended(t, ceph, 'tombstone-without-task');
    await nothingLeft(t, ceph);
  });
  await t.test('a tombstone whose last snapshot somebody removed', async (t) => {
    const { ceph, controller, image, names, snapshotNames } = await here();
    await snap(controller, 'one', 'data');
    await remove(controller, 'data');
    snapshotNames.entries.clear();
    image.snapshots = [];
    t.same(await look(ceph), [], 'the background work may be about to come to it');
    for (const [id, text] of names.tasks)
      names.tasks.set(id, text.replace(/"until":\d+/, '"until":1'));
    await foundAndMended(t, ceph, 'tombstone-can-go');
    await nothingLeft(t, ceph);
  });
});

t.test('the entry of a volume whose image', async (t) => {
  await t.test('is gone', async (t) => {
    const { ceph, image } = await here();
    unname(ceph, pathOf('data'));
    ceph.headers.delete(image.id);
    await foundAndMended(t, ceph, 'entry-without-image');
    t.same(ceph.leaks(), NOTHING);
  });
  await t.test('is deleted, in the trash or under a tombstone', async (t) => {
    for (const snapshots of [0, 1]) {
      const { ceph, controller, names, key } = await here();
      if (snapshots > 0) await snap(controller, 'one', 'data');
      const text = names.entries.get(key) ?? '';
      await remove(controller, 'data');
      names.tasks.clear();
      names.entries.set(key, text);
      await foundAndMended(t, ceph, 'entry-without-image');
      await nothingLeft(t, ceph);
    }
  });
  await t.test('somebody put into the trash: it stays there', async (t) => {
    const { ceph, image } = await here();
    trash(ceph, pathOf('data'), image);
    await foundAndMended(t, ceph, 'entry-without-image');
    await workOff(ceph);
    t.same([...ceph.trash.keys()], [image.id]);
  });
  await t.test('somebody renamed', async (t) => {
    const { ceph, image } = await here();
    unname(ceph, pathOf('data'));
    nameImage(ceph, 'rbd//elsewhere', image.id);
    await foundAndMended(t, ceph, 'image-renamed');
    t.same(await volumeIds(ceph), [DATA]);
    await nothingLeft(t, ceph);
  });
  await t.test('lost its record', async (t) => {
    const { ceph, image } = await here();
    image.metadata.delete(RECORD_KEY);
    await foundAndMended(t, ceph, 'image-without-record');
    t.same(await volumeIds(ceph), [DATA]);
    await nothingLeft(t, ceph);
  });
  await t.test('somebody replaced, or gave another record', async (t) => {
    const { ceph, image } = await here();
    image.metadata.set(RECORD_KEY, 'kept by hand');
    await foundAndLeft(t, ceph, 'record-differs');
    const other = ceph.makeHeader('other', image.place, image.sizeBytes, image.layout);
    unname(ceph, pathOf('data'));
    nameImage(ceph, pathOf('data'), other.id);
    await foundAndLeft(t, ceph, 'record-differs');
  });
  await t.test('a deletion marked that went no further', async (t) => {
    const { ceph, image } = await here();
    image.metadata.set(DELETING_KEY, `${image.id} dead`);
    await foundAndMended(t, ceph, 'unfinished-deletion');
    await workOff(ceph);
    t.same(ceph.leaks(), NOTHING);
  });
  await t.test('a deletion marked, and somebody uses it', async (t) => {
    const { ceph, image } = await here();
    image.metadata.set(DELETING_KEY, `${image.id} dead`);
    use(ceph, image.id);
    const [finding, ...more] = await mend(ceph);
    t.match(finding, { kind: 'unfinished-deletion', fixed: false, problem: /in use by client/ });
    t.same(more, []);
    t.same(image.metadata.get(DELETING_KEY), `${image.id} dead`, 'and no mark is added to it');
    t.equal(ceph.images.size, 1);
  });
});

function recordIn({ metadata }: MemoryImage): VolumeRecord {
  const record = parseRecord(metadata.get(RECORD_KEY));
  if (record === undefined) throw new Error('there is no record');
  return record;
}

/** A cluster in which a controller died in a call at the first step by which something is so. */
async function firstDeath(
  before: () => Promise<MemoryCeph>,
  call: (controller: Controller) => Promise<unknown>,
  isSo: (ceph: MemoryCeph) => boolean,
): Promise<MemoryCeph> {
  for (let lives = 1; ; lives++) {
    const ceph = await before();
    if (!(await cutShort(call(controllerOn(ceph, undefined, lives)))))
      throw new Error('the call ended');
    ceph.forgetClients();
    if (isSo(ceph)) return ceph;
  }
}

/** A creation that was cut short before it wrote its record. */
async function imageOfNobody() {
  const ceph = await firstDeath(
    async () => new MemoryCeph(),
    (controller) => create(controller, 'data'),
    (ceph) => ceph.images.size === 1,
  );
  return { ceph, image: ceph.images.get(pathOf('data')) as MemoryImage };
}

t.test('claims that nobody goes on with', async (t) => {
  await t.test('a young one is not a finding, whatever became of it', async (t) => {
    const { ceph } = await imageOfNobody();
    t.equal(ceph.names.size, 1);
    t.same(await mend(ceph), []);
    age(ceph);
    await foundAndMended(t, ceph, 'unfinished-creation');
    await workOff(ceph);
    t.same(ceph.leaks(), NOTHING);
  });
  await t.test('what holds data is left alone', async (t) => {
    const { ceph, image } = await imageOfNobody();
    ceph.written.add(image.id);
    age(ceph);
    await foundAndMended(t, ceph, 'unfinished-creation');
    await workOff(ceph);
    t.same([...ceph.images.values()], [image]);
    t.equal(image.metadata.size, 0);
  });
  await t.test('a snapshot', async (t) => {
    const ceph = await firstDeath(
      async () => (await here()).ceph,
      (controller) => snap(controller, 'one', 'data'),
      (ceph) => ceph.images.get(pathOf('data'))?.snapshots.length === 1,
    );
    t.equal(ceph.indexes.snapshotNames.entries.size, 1);
    t.same(await mend(ceph), []);
    age(ceph);
    await foundAndMended(t, ceph, 'unfinished-snapshot');
    await nothingLeft(t, ceph);
  });
  await t.test('an undeletion', async (t) => {
    const { ceph, controller, image, names, key } = await here();
    await remove(controller, 'data');
    const [[name = '', value = ''] = []] = [...names.tasks];
    names.tasks.clear();
    const task = { id: name.slice(name.indexOf(' ') + 1), value };
    const record = restoredRecord(recordIn(image));
    names.entries.set(key, formatRestoring({ record, task }));
    await foundAndMended(t, ceph, 'unfinished-undeletion');
    t.same(await volumeIds(ceph), [DATA]);
    await nothingLeft(t, ceph);
  });
  await t.test('an undeletion of what is gone', async (t) => {
    const { ceph, image, names, key } = await here();
    const task = { id: 'image', value: '{}' };
    names.entries.set(key, formatRestoring({ record: recordIn(image), task }));
    unname(ceph, pathOf('data'));
    ceph.headers.delete(image.id);
    await foundAndMended(t, ceph, 'unfinished-undeletion');
    t.same(ceph.leaks(), NOTHING);
  });
});

t.test('tasks', async (t) => {
  await t.test('for an image that is gone', async (t) => {
    const { ceph, controller, image } = await here();
    await remove({ ...controller, retentionMs: 86_400_000 }, 'data');
    ceph.trash.clear();
    ceph.headers.delete(image.id);
    await foundAndMended(t, ceph, 'task-for-nothing');
    t.same(ceph.leaks(), NOTHING);
  });
  await t.test('and entries that another version wrote are left to it', async (t) => {
    const { ceph, names, snapshotNames, key } = await here();
    names.tasks.set(`${key} copy rbd//x`, '{"kind":"copy"}');
    names.entries.set(nameKey('other'), '{"version":2}');
    snapshotNames.entries.set(nameKey('other'), '{"version":2}');
    await foundAndLeft(t, ceph, 'unreadable-entry', 'unreadable-entry', 'unreadable-task');
  });
});

t.test('what another installation has in its own index is left to that one', async (t) => {
  const { ceph, controller } = await here();
  await create(controller, 'gone');
  await snap(controller, 'one', 'gone');
  await create(controller, 'cloned', { source: { kind: 'volume', id: DATA } });
  await remove(controller, 'gone');
  for (const index of ['names', 'snapshotNames'] as const)
    for (const what of ['entries', 'tasks'] as const) {
      const [from, to] = [ceph.indexes[index][what], ceph.elsewhere[index][what]];
      for (const [key, value] of from) to.set(key, value);
      from.clear();
    }
  t.same(await mend(ceph), []);
  ceph.elsewhere.names.tasks.clear();
  ceph.elsewhere.names.entries.clear();
  ceph.elsewhere.snapshotNames.entries.clear();
  t.ok((await look(ceph)).length > 3, 'and would be found otherwise');
});

t.test('one image that Ceph cannot read does not hide the others', async (t) => {
  const { ceph, names, key } = await here();
  await create(controllerOn(ceph), 'other');
  names.entries.delete(key);
  const controller = controllerOn(ceph);
  const cluster = controller.clusters.get('main');
  const broken = {
    ...cluster,
    readImage: (spec: Parameters<typeof cluster.readImage>[0]) =>
      handleOf('other').endsWith(spec.image)
        ? Promise.reject(new VolumeError('ceph-error', { operation: 'read', problem: 'EIO' }))
        : cluster.readImage(spec),
  };
  const clusters = { ...controller.clusters, get: () => broken };
  const found = await examine({ ...controller, clusters }, true);
  t.ok(found.some(({ kind, fixed }) => kind === 'image-without-entry' && fixed));
  t.ok(found.some(({ kind, fixed }) => kind === 'unreadable' && !fixed));
});
