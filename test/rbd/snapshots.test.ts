import t from 'tap';
import { accessOf } from '../../src/rbd/access.js';
import { openClusters } from '../../src/rbd/clusters.js';
import { withImageById } from '../../src/rbd/open.js';
import { Session } from '../../src/rbd/session.js';
import { isWhole } from '../../src/rbd/snapshots.js';
import type { ImageSpec } from '../../src/volume/store.js';
import { beginRemoval } from '../lab/begin-removal.js';
import { startCeph } from '../lab/ceph.js';

const LAYOUT = {
  sizeBytes: 10_000_000n,
  features: undefined,
  objectSize: undefined,
  stripeUnit: undefined,
  stripeCount: undefined,
  dataPool: undefined,
};

const ceph = await startCeph();
const clusters = openClusters([ceph.settings]);
t.teardown(() => clusters.close());
const cluster = clusters.get(ceph.name);

async function create(image: string): Promise<ImageSpec & { readonly imageId: string }> {
  const spec = { pool: ceph.pool, namespace: '', image };
  await cluster.createImage(spec, LAYOUT);
  return { ...spec, imageId: (await cluster.readImage(spec))?.id ?? '' };
}

t.test('a removal that was killed inside Ceph is ended by the next one', async (t) => {
  const source = await create('snapshots-killed');
  const { imageId } = source;
  t.equal(await cluster.takeSnapshot(source, imageId, 'daily'), 'taken');
  t.equal(await cluster.takeSnapshot(source, imageId, 'weekly'), 'taken');
  const [daily] = (await cluster.snapshots(source, imageId)) ?? [];
  await beginRemoval(ceph, source.pool, imageId, daily?.id ?? 0n);
  const left = await cluster.snapshots(source, imageId);
  t.match(left, [
    { id: daily?.id, name: 'daily', kind: 'trash', clones: 0 },
    { name: 'weekly', kind: 'user', clones: 0 },
  ]);
  t.equal(await cluster.removeSnapshot(source, imageId, 'daily'), 'removed');
  t.match(await cluster.snapshots(source, imageId), [{ name: 'weekly' }]);
  t.equal(await cluster.removeSnapshot(source, imageId, 'weekly'), 'removed');
  t.same(await cluster.snapshots(source, imageId), []);
  await cluster.trashImage(source, imageId, new Date());
  t.equal(await cluster.purgeTrashed(source, imageId, undefined), 'removed');
});

t.test('a deleted snapshot stays for its clones, under the name that it had', async (t) => {
  const source = await create('snapshots-kept');
  const { imageId } = source;
  await cluster.takeSnapshot(source, imageId, 'daily');
  const spec = { pool: ceph.pool, namespace: '', image: 'snapshots-clone' };
  t.equal(await cluster.cloneImage({ ...source, snapshot: 'daily' }, spec, LAYOUT), 'created');
  const clone = await cluster.readImage(spec);
  for (const again of [1, 2]) {
    t.equal(await cluster.removeSnapshot(source, imageId, 'daily'), 'removed');
    const kept = await cluster.snapshots(source, imageId);
    t.match(kept, [{ name: 'daily', kind: 'trash', clones: 1 }], `${again}`);
  }
  await cluster.trashImage(spec, clone?.id ?? '', new Date());
  t.equal(await cluster.purgeTrashed(spec, clone?.id ?? '', clone?.parent), 'removed');
  t.same(await cluster.snapshots(source, imageId), [], 'it goes with its last clone');
  await cluster.trashImage(source, imageId, new Date());
  await cluster.purgeTrashed(source, imageId, undefined);
});

t.test('one without its object map is whole only where it was removed meanwhile', async (t) => {
  const image = await create('snapshots-mapless');
  const { imageId } = image;
  await cluster.takeSnapshot(image, imageId, 'daily');
  const [daily] = (await cluster.snapshots(image, imageId)) ?? [];
  const number = daily?.id.toString(16).padStart(16, '0');
  const session = await Session.connect(accessOf(ceph.settings));
  t.teardown(() => session.shutdown());
  await session.inPool(ceph.pool, '', (io) =>
    withImageById(io, imageId, async (opened) => {
      const look = () => isWhole(io, opened, imageId, 'daily', 'look');
      t.equal(await look(), true);
      await ceph.rados('-p', ceph.pool, 'rm', `rbd_object_map.${imageId}.${number}`);
      t.equal(await look(), false);
      // The image that is open has not heard of it.
      await beginRemoval(ceph, ceph.pool, imageId, daily?.id ?? 0n);
      t.equal(await look(), true);
    }),
  );
  t.equal(await cluster.removeSnapshot(image, imageId, 'daily'), 'removed');
  await cluster.trashImage(image, imageId, new Date());
  t.equal(await cluster.purgeTrashed(image, imageId, undefined), 'removed');
});

t.test('a clone whose parent is gone meanwhile is freed all the same', async (t) => {
  const image = await create('snapshots-orphan');
  const parent = { pool: ceph.pool, namespace: '', imageId: '1234abcd', snapshotId: 4n };
  await cluster.trashImage(image, image.imageId, new Date());
  t.equal(await cluster.purgeTrashed(image, image.imageId, parent), 'removed');
  t.equal(await cluster.readImageById(image, image.imageId), undefined);
});

t.test(
  'an image that is purged while it is moved to the trash leaves no entry there',
  async (t) => {
    const image = await create('snapshots-purged');
    await ceph.rados('-p', ceph.pool, 'rm', `rbd_header.${image.imageId}`);
    t.equal(await cluster.trashImage(image, image.imageId, new Date()), 'trashed');
    const trash = await cluster.listTrash(image);
    t.notOk(trash.some(({ id }) => id === image.imageId));
  },
);

t.test(
  'an image that is taken back is out of the trash, also where that was cut short',
  async (t) => {
    const image = await create('snapshots-back');
    await cluster.trashImage(image, image.imageId, new Date());
    t.equal(await cluster.restoreImage(image, image.imageId), 'restored');
    t.equal(
      await cluster.restoreImage(image, image.imageId),
      'restored',
      'it has its name already',
    );
    t.equal(await cluster.nameOf(image, image.imageId), image.image);
    t.equal(
      await cluster.renameImage({ ...image, image: 'x' }, image.imageId, image.image),
      'renamed',
    );
    t.equal((await cluster.readImage(image))?.id, image.imageId);
    t.notOk((await cluster.listTrash(image)).some(({ id }) => id === image.imageId));
  },
);
