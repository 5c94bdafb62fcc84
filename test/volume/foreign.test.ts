import t from 'tap';
import type { Controller } from '../../src/volume/controller.js';
import { createVolume } from '../../src/volume/create/create.js';
import { deleteVolume } from '../../src/volume/delete/delete.js';
import { formatHandle } from '../../src/volume/handle.js';
import { listVolumes } from '../../src/volume/list.js';
import { imageName } from '../../src/volume/name.js';
import type { Cluster, Place } from '../../src/volume/store.js';
import { controllerOf } from './controllers.js';
import { MemoryCeph } from './memory-ceph.js';
import { memoryClusters } from './memory-clusters.js';

const MIB = 1n << 20n;
const RBD = { pool: 'rbd', namespace: '' };
const FAST = { pool: 'fast', namespace: '' };
const NO_LAYOUT = {
  ...{ features: undefined, objectSize: undefined, stripeUnit: undefined },
  ...{ stripeCount: undefined, dataPool: undefined },
};

function open(ceph: MemoryCeph, foreign: readonly Place[], change: Partial<Cluster> = {}) {
  const plain = memoryClusters(ceph, async () => {});
  const cluster = { ...plain.get('main'), ...change };
  const foreignPlaces = () => foreign;
  const controller = controllerOf({ ...plain, get: () => cluster, foreignPlaces });
  const image = (place: Place, name: string) =>
    cluster.createImage({ ...place, image: name }, { ...NO_LAYOUT, sizeBytes: 5n * MIB + 1n });
  return { controller, image };
}

function create(controller: Controller, name: string) {
  return createVolume(controller, {
    name,
    range: { requiredBytes: MIB, limitBytes: MIB },
    capabilities: [],
    parameters: {},
    source: undefined,
    credentials: undefined,
  });
}

async function listed(controller: Controller) {
  const { volumes } = await listVolumes(controller, 0, '');
  return volumes.map(({ handle }) => formatHandle(handle));
}

t.test(
  'images of others are listed where the configuration says so, by their exact size',
  async (t) => {
    const ceph = new MemoryCeph();
    const { controller, image } = open(ceph, [FAST]);
    await image(RBD, 'hidden');
    await image(FAST, 'old');
    await create(controller, 'data');
    const { volumes } = await listVolumes(controller, 0, '');
    t.match(volumes, [
      { name: 'data', sizeBytes: MIB },
      { name: '', sizeBytes: 5n * MIB + 1n, handle: { ...FAST, image: 'old' } },
    ]);
    t.equal(volumes.length, 2);
    t.equal((await listVolumes(open(ceph, []).controller, 0, '')).volumes.length, 1);
  },
);

t.test('DeleteVolume of one is refused', async (t) => {
  const { controller, image } = open(new MemoryCeph(), [RBD]);
  await image(RBD, 'old');
  await t.rejects(deleteVolume(controller, 'main/rbd/old', undefined), {
    code: 'FAILED_PRECONDITION',
    message: /was not created by Pannier/,
  });
  t.same(await listed(controller), ['main/rbd/old']);
});

t.test(
  "volumes, tombstones and unfinished creations of Pannier's are no images of others",
  async (t) => {
    const ceph = new MemoryCeph();
    const { controller, image } = open(ceph, [RBD]);
    await image(RBD, 'old');
    const { handle } = await create(controller, 'data');
    await image(RBD, 'pannier.tombstone.123');
    // It died between the image and its record.
    void create(
      open(ceph, [], { swapMetadata: () => new Promise<never>(() => {}) }).controller,
      'x',
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    t.ok(ceph.ids.has(`rbd//${imageName('x', 'pannier-')}`));
    t.same(await listed(controller), [formatHandle(handle), 'main/rbd/old']);
    t.same(await listed(open(ceph, [RBD]).controller), [formatHandle(handle), 'main/rbd/old']);
  },
);

t.test('one whose ID Mesos could not make a folder of is not listed', async (t) => {
  const { controller, image } = open(new MemoryCeph(), [RBD]);
  await image(RBD, 'ä'.repeat(40));
  await image(RBD, 'ä'.repeat(41));
  await image(RBD, 'x'.repeat(120));
  t.same(await listed(controller), [`main/rbd/${'ä'.repeat(40)}`]);
});

t.test('a new volume whose ID is too long for a folder is refused', async (t) => {
  const cluster = '('.repeat(10);
  const { clusters } = open(new MemoryCeph(), []).controller;
  const controller = controllerOf({ ...clusters, names: [cluster] });
  await t.rejects(
    createVolume(controller, {
      name: '!',
      range: { requiredBytes: MIB, limitBytes: MIB },
      capabilities: [],
      parameters: { pool: '('.repeat(67), namePrefix: 'p' },
      source: undefined,
      credentials: undefined,
    }),
    { code: 'INVALID_ARGUMENT', message: /percent-encoded/ },
  );
});

t.test('pages go through volumes and images, and none is twice or missing', async (t) => {
  const ceph = new MemoryCeph();
  const { controller, image } = open(ceph, [RBD, FAST]);
  for (const name of ['a', 'b', 'c']) {
    await create(controller, name);
    await image(RBD, `rbd-${name}`);
    await image(FAST, `fast-${name}`);
  }
  const all = await listed(controller);
  t.equal(all.length, 9);
  for (const size of [1, 2, 3, 4, 8, 9, 10]) {
    const paged: string[] = [];
    let token = '';
    do {
      const { volumes, nextToken = '' } = await listVolumes(controller, size, token);
      paged.push(...volumes.map(({ handle }) => formatHandle(handle)));
      token = nextToken;
    } while (token !== '');
    t.same(paged, all, `by ${size}`);
  }
  for (const token of ['images/main/2/a', 'images/other/0/a', 'images/main/0/', 'images/main/x/a'])
    await t.rejects(listVolumes(controller, 1, token), { code: 'ABORTED' }, token);
});
