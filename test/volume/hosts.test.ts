import t, { type Test } from 'tap';
import type { Controller } from '../../src/volume/controller.js';
import { createVolume } from '../../src/volume/create/create.js';
import { deleteVolume } from '../../src/volume/delete/delete.js';
import { expandVolume } from '../../src/volume/expand.js';
import { formatHandle } from '../../src/volume/handle.js';
import { getVolume, listVolumes } from '../../src/volume/list.js';
import { PUBLISHED_KEY } from '../../src/volume/marks.js';
import { moveVolume } from '../../src/volume/move.js';
import { nameKey } from '../../src/volume/name.js';
import { publishVolume, unpublishVolume } from '../../src/volume/publish.js';
import { parseRecord, RECORD_KEY } from '../../src/volume/record.js';
import type { Cluster } from '../../src/volume/store.js';
import { controllerOf } from './controllers.js';
import { controllerOn, handleOf, look, mend, NOTHING, workOff } from './doctor/rig.js';
import { MemoryCeph } from './memory-ceph.js';
import { memoryClusters } from './memory-clusters.js';

const GIB = 1n << 30n;
const DATA = handleOf('data');

function open(host: string | undefined, ceph: MemoryCeph, change: Partial<Cluster> = {}) {
  const plain = memoryClusters(ceph, async () => {});
  const cluster = { ...plain.get('main'), ...change };
  const controller = controllerOf({ ...plain, get: () => cluster }, { host });
  return { controller, cluster };
}

/** Two hosts and one controller that keeps none apart, over one cluster. */
function here() {
  const ceph = new MemoryCeph();
  ceph.nodes.set('n1', JSON.stringify({ hostname: 'n1', address: '192.0.2.1' }));
  const [a, b, all] = ['a', 'b', undefined].map((host) => open(host, ceph).controller);
  return { ceph, a: a as Controller, b: b as Controller, all: all as Controller };
}

function create(controller: Controller, name = 'data') {
  return createVolume(controller, {
    name,
    range: { requiredBytes: GIB, limitBytes: GIB },
    capabilities: [],
    parameters: {},
    source: undefined,
    credentials: undefined,
  });
}

function publish(controller: Controller, volumeId = DATA) {
  return publishVolume(controller, {
    volumeId,
    nodeId: 'n1',
    capability: { access: { kind: 'block' }, mode: 'SINGLE_NODE_WRITER' },
    readonly: false,
    credentials: undefined,
  });
}

async function listed(controller: Controller) {
  return (await listVolumes(controller, 0, '')).volumes.map(({ handle }) => formatHandle(handle));
}

const otherHost = { code: 'FAILED_PRECONDITION', message: / alone/ };

async function ends(t: Test, ceph: MemoryCeph, last: Controller, volumeId = DATA) {
  await deleteVolume(last, volumeId, undefined);
  await workOff(ceph);
  t.same(ceph.leaks(), NOTHING);
}

t.test('a host lists its own volumes, and no other one does', async (t) => {
  const { a, b, all } = here();
  await create(a);
  await create(b, 'logs');
  await create(all, 'nobodys');
  t.same(await listed(a), [DATA]);
  t.same(await listed(b), [handleOf('logs')]);
  t.same(
    (await listed(all)).sort(),
    ['data', 'logs', 'nobodys'].map((name) => handleOf(name)).sort(),
  );
});

t.test(
  'DeleteVolume of a volume of another host or of none is refused, and nothing is marked',
  async (t) => {
    const { ceph, a, b, all } = here();
    await create(a);
    await create(all, 'nobodys');
    await t.rejects(deleteVolume(b, DATA, undefined), {
      code: 'FAILED_PRECONDITION',
      message: `volume "${DATA}" belongs to host "a", and this plugin serves host "b" alone`,
    });
    await t.rejects(deleteVolume(b, handleOf('nobodys'), undefined), {
      code: 'FAILED_PRECONDITION',
      message: /belongs to no host/,
    });
    t.equal(ceph.images.size, 2);
    await publish(a);
    await unpublishVolume(a, DATA, 'n1', undefined);
    await deleteVolume(all, handleOf('nobodys'), undefined);
    await ends(t, ceph, a);
  },
);

t.test('what another host began to delete is not finished by this one', async (t) => {
  const ceph = new MemoryCeph();
  const { controller } = open('a', ceph, {
    names: { ...open('a', ceph).cluster.names, swap: () => new Promise<never>(() => {}) },
  });
  await create(open('a', ceph).controller);
  void deleteVolume(controller, DATA, undefined);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const entry = ceph.names.get(nameKey('data'));
  await deleteVolume(open('b', ceph).controller, DATA, undefined);
  t.equal(ceph.names.get(nameKey('data')), entry);
  await ends(t, ceph, open('a', ceph).controller);
});

t.test('ControllerPublishVolume is for the own host and for volumes of none', async (t) => {
  const { a, b, all } = here();
  await create(a);
  await create(all, 'nobodys');
  await t.rejects(publish(b), otherHost);
  await publish(b, handleOf('nobodys'));
  await publish(a);
});

t.test('a name that another host has is ALREADY_EXISTS', async (t) => {
  const { a, b, all } = here();
  const { handle } = await create(a);
  await t.rejects(create(b), { code: 'ALREADY_EXISTS', message: /host "a"/ });
  t.match(await create(a), { handle });
  t.match(await create(all), { handle }, 'who keeps no hosts apart asks for no host');
  await create(all, 'nobodys');
  await t.rejects(create(b, 'nobodys'), { code: 'ALREADY_EXISTS', message: /no host/ });
});

t.test('a host lists the size that a volume was made with, which Mesos holds it to', async (t) => {
  const { a, all } = here();
  await create(a);
  const range = { requiredBytes: 2n * GIB, limitBytes: 0n };
  await expandVolume(a, DATA, range, undefined);
  const sizes = async (controller: Controller) =>
    (await listVolumes(controller, 0, '')).volumes.map(({ sizeBytes }) => sizeBytes);
  t.same(await sizes(a), [GIB]);
  t.same(await sizes(all), [2n * GIB]);
  t.equal((await getVolume(a, DATA)).sizeBytes, 2n * GIB);
});

t.test('the record of a volume without a host is what it always was', async (t) => {
  const { ceph, all } = here();
  await create(all);
  const text = ceph.names.get(nameKey('data'));
  t.same(Object.keys(JSON.parse(text ?? '')), [
    ...['version', 'name', 'handle', 'claim', 'sizeBytes', 'layout', 'source', 'image'],
  ]);
});

t.test('a volume is moved to another host, and to one where it had none', async (t) => {
  const { ceph, a, b, all } = here();
  await create(all);
  t.match(await moveVolume(a, DATA, ''), { host: 'a' });
  t.match(await moveVolume(a, DATA, ''), { host: 'a' }, 'again');
  t.same([await listed(a), await listed(b)], [[DATA], []]);
  t.match(await moveVolume(a, DATA, 'b'), { host: 'b' });
  t.same([await listed(a), await listed(b)], [[], [DATA]]);
  await t.rejects(deleteVolume(a, DATA, undefined), otherHost);
  t.equal((await getVolume(a, DATA)).host, 'b');
  await t.rejects(moveVolume(all, DATA, ''), {
    code: 'FAILED_PRECONDITION',
    message: /no host of its own/,
  });
  await ends(t, ceph, b);
  await t.rejects(moveVolume(a, DATA, 'b'), { code: 'NOT_FOUND' });
});

t.test('a volume in use is not moved, nor an image that Pannier did not create', async (t) => {
  const { ceph, a } = here();
  await create(a);
  await publish(a);
  await t.rejects(moveVolume(a, DATA, 'b'), { code: 'FAILED_PRECONDITION', message: /"n1"/ });
  await unpublishVolume(a, DATA, 'n1', undefined);
  const { controller } = open('a', ceph, {
    watchers: async () => [{ address: '192.0.2.9:0/7', clientId: 1n }],
  });
  await t.rejects(moveVolume(controller, DATA, 'b'), {
    kind: 'volume-in-use',
    message: /192.0.2.9/,
  });
  const { cluster } = open('a', ceph);
  const spec = { pool: 'rbd', namespace: '', image: 'foreign' };
  const none = { features: undefined, objectSize: undefined, stripeUnit: undefined };
  await cluster.createImage(spec, {
    ...{ ...none, sizeBytes: GIB, stripeCount: undefined, dataPool: undefined },
  });
  await t.rejects(moveVolume(a, 'main/rbd/foreign', 'b'), {
    code: 'FAILED_PRECONDITION',
    message: /was not created by Pannier/,
  });
});

t.test('a publication and a move that meet: one of them is refused', async (t) => {
  const ceph = new MemoryCeph();
  ceph.nodes.set('n1', JSON.stringify({ hostname: 'n1', address: '192.0.2.1' }));
  await create(open('a', ceph).controller);
  const { cluster } = open('a', ceph);
  let moved = false;
  const { controller } = open('a', ceph, {
    // Right before the publication is written.
    async swapMetadata(...args) {
      if (!moved && PUBLISHED_KEY in args[3]) {
        moved = true;
        await moveVolume(open('a', ceph).controller, DATA, 'b');
      }
      return cluster.swapMetadata(...args);
    },
  });
  await t.rejects(publish(controller), otherHost);
  t.ok(moved);
  t.same((await getVolume(controller, DATA)).publishedNodes, []);
});

t.test(
  'a move that was cut short: nobody lists the volume, and a doctor or the same call ends it',
  async (t) => {
    for (const how of ['doctor', 'call', 'deletion'] as const) {
      const { ceph, a, b } = here();
      await create(a);
      const { cluster } = open('a', ceph);
      const dying = open('a', ceph, {
        names: { ...cluster.names, swap: () => Promise.reject(new Error('killed')) },
      });
      await t.rejects(moveVolume(dying.controller, DATA, 'b'), /killed/);
      t.same([await listed(a), await listed(b)], [[], []]);
      await t.rejects(deleteVolume(a, DATA, undefined), otherHost);
      if (how === 'doctor') {
        t.match(await look(ceph), [{ kind: 'unfinished-move', problem: /host "b".*host "a"/ }]);
        t.match(await mend(ceph), [{ kind: 'unfinished-move', fixed: true }]);
      }
      if (how === 'call') await moveVolume(b, DATA, '');
      if (how !== 'deletion') {
        t.same(await listed(b), [DATA]);
        const image = await cluster.readImage({ ...(await getVolume(b, DATA)).handle });
        t.equal(image?.metadata.get(RECORD_KEY), ceph.names.get(nameKey('data')));
        t.equal(parseRecord(ceph.names.get(nameKey('data')))?.host, 'b');
      }
      await ends(t, ceph, b);
      t.same(await look(ceph), []);
    }
  },
);

t.test('a creation that another host began is taken over, and belongs to who asks', async (t) => {
  const ceph = new MemoryCeph();
  void create(open('a', ceph, { swapMetadata: () => new Promise<never>(() => {}) }).controller);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { controller: b } = open('b', ceph);
  await create(b);
  t.same(await listed(b), [DATA]);
  await ends(t, ceph, b);
  t.same(await look(ceph), []);
});

t.test('who keeps no hosts apart goes on with a creation as it was begun', async (t) => {
  const ceph = new MemoryCeph();
  void create(open('a', ceph, { createImage: () => new Promise<never>(() => {}) }).controller);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await create(controllerOn(ceph));
  t.same(await listed(open('a', ceph).controller), [DATA]);
});
