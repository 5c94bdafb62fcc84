import t from 'tap';
import type { AccessMode } from '../../src/volume/capability.js';
import { createVolume } from '../../src/volume/create/create.js';
import { deleteVolume } from '../../src/volume/delete/delete.js';
import { expandVolume } from '../../src/volume/expand.js';
import { listVolumes } from '../../src/volume/list.js';
import { DELETING_KEY, PUBLISHED_KEY } from '../../src/volume/marks.js';
import { imageName, nameKey } from '../../src/volume/name.js';
import { publishVolume } from '../../src/volume/publish.js';
import type { Watcher } from '../../src/volume/store.js';
import { controllerOf } from './controllers.js';
import { MemoryCeph } from './memory-ceph.js';
import { memoryClusters } from './memory-clusters.js';

const MIB = 1n << 20n;
const IMAGE = imageName('data', 'pannier-');
const HANDLE = `main/rbd/${IMAGE}`;
const SPEC = { pool: 'rbd', namespace: '', image: IMAGE };
const OTHER_LAYOUT = {
  sizeBytes: 64n * MIB,
  features: undefined,
  objectSize: 1n << 20n,
  stripeUnit: undefined,
  stripeCount: undefined,
  dataPool: undefined,
};

function open(watchers: readonly Watcher[] = []) {
  const ceph = new MemoryCeph();
  const plain = memoryClusters(ceph, async () => {});
  const cluster = { ...plain.get('main'), watchers: async () => watchers };
  const clusters = { ...plain, get: () => cluster };
  const controller = controllerOf(clusters);
  const create = (parameters: Record<string, string> = {}) =>
    createVolume(controller, {
      name: 'data',
      range: { requiredBytes: 64n * MIB, limitBytes: 0n },
      capabilities: [],
      parameters,
      source: undefined,
      credentials: undefined,
    });
  const publish = (nodeId: string, mode: AccessMode) =>
    publishVolume(controller, {
      volumeId: HANDLE,
      nodeId,
      capability: { access: { kind: 'block' }, mode },
      readonly: false,
      credentials: undefined,
    });
  const setMetadata = async (values: Record<string, string>) => {
    const id = (await cluster.readImage(SPEC))?.id ?? '';
    await cluster.swapMetadata(SPEC, id, {}, values);
  };
  return { ceph, cluster, controller, create, publish, setMetadata };
}

t.test('what another version wrote of publications is never taken for nobody', async (t) => {
  for (const text of [
    '[{"node":"n1"}]',
    'n1',
    '{"n1":{"mode":"SINGLE_NODE_WRITER"}}',
    '{"image":"ID","nodes":{"n1":null}}',
    '{"image":"ID","nodes":{"n1":{"since":5}}}',
  ]) {
    const { ceph, cluster, controller, create, publish, setMetadata } = open();
    ceph.nodes.set('n2', JSON.stringify({ hostname: 'n2', address: '192.0.2.2' }));
    await create();
    const id = (await cluster.readImage(SPEC))?.id;
    await setMetadata({ [PUBLISHED_KEY]: text.replace('ID', id ?? '') });
    await t.rejects(deleteVolume(controller, HANDLE, undefined), { code: 'FAILED_PRECONDITION' });
    await t.rejects(publish('n2', 'SINGLE_NODE_WRITER'), { code: 'FAILED_PRECONDITION' });
    t.equal((await listVolumes(controller, 0, '')).volumes.length, 1, 'the listing goes on');
    t.equal(ceph.images.size, 1, text);
  }
});

t.test('what another version wrote of a name is never overwritten', async (t) => {
  for (const text of ['{"version":2}', 'kept by hand', '{"pending":5,"replaces":[]}']) {
    const { ceph, create } = open();
    ceph.names.set(nameKey('data'), text);
    await t.rejects(create(), { code: 'ALREADY_EXISTS' });
    t.equal(ceph.names.get(nameKey('data')), text);
    t.equal(ceph.images.size, 0);
  }
});

t.test('what a node said of itself that cannot be read explains no watcher', async (t) => {
  for (const text of ['', 'null', '{"hostname":"n1"}', 'n1']) {
    const { ceph, create, publish } = open([{ address: '192.0.2.1:0/7', clientId: 1n }]);
    ceph.nodes.set('n1', text);
    await create();
    await t.rejects(publish('n1', 'SINGLE_NODE_WRITER'), /is in use/);
  }
});

t.test("a node's own client is told from a stranger's, by IPv6 too", async (t) => {
  for (const [address, watcher] of [
    ['192.0.2.1', '192.0.2.1:0/7'],
    ['2001:db8::1', '[2001:db8::1]:0/7'],
  ] as const) {
    const { ceph, create, publish } = open([{ address: watcher, clientId: 1n }]);
    ceph.nodes.set('n1', JSON.stringify({ hostname: 'n1', address }));
    ceph.nodes.set('n2', JSON.stringify({ hostname: 'n2', address: '192.0.2.20' }));
    await create();
    await t.rejects(publish('n2', 'SINGLE_NODE_WRITER'), /is in use/);
    await publish('n1', 'SINGLE_NODE_WRITER');
  }
});

t.test('the one writer among many nodes is one writer too, behind readers as well', async (t) => {
  const { ceph, create, publish } = open([{ address: '192.0.2.9:0/7', clientId: 1n }]);
  ceph.nodes.set('n1', JSON.stringify({ hostname: 'n1', address: '192.0.2.1' }));
  ceph.nodes.set('n2', JSON.stringify({ hostname: 'n2', address: '192.0.2.2' }));
  await create();
  await t.rejects(publish('n1', 'MULTI_NODE_SINGLE_WRITER'), /is in use/);
  await publish('n2', 'MULTI_NODE_MULTI_WRITER');
  await publish('n1', 'MULTI_NODE_MULTI_WRITER');
});

t.test(
  'an image that is not as it was asked for is not taken for a creation of its own',
  async (t) => {
    const { ceph, cluster, create } = open();
    // A creation with other parameters that claimed the name, made its image and died.
    const dying = { ...cluster, swapMetadata: () => new Promise<never>(() => {}) };
    const clusters = { ...memoryClusters(ceph, async () => {}), get: () => dying };
    void createVolume(
      { ...open().controller, clusters },
      {
        name: 'data',
        range: { requiredBytes: 64n * MIB, limitBytes: 0n },
        capabilities: [],
        parameters: { objectSize: '1MiB' },
        source: undefined,
        credentials: undefined,
      },
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    t.equal([...ceph.images.values()][0]?.layout.objectSize, 1n << 20n);
    await create();
    t.equal([...ceph.images.values()][0]?.layout.objectSize, undefined, 'made anew');
  },
);

t.test('an image that holds data and that no creation owns is left alone', async (t) => {
  const { ceph, cluster, create } = open();
  await cluster.createImage(SPEC, OTHER_LAYOUT);
  const id = (await cluster.readImage(SPEC))?.id ?? '';
  ceph.written.add(id);
  await t.rejects(create(), { code: 'ALREADY_EXISTS' });
  t.same([...((await cluster.readImage(SPEC))?.metadata ?? [])], []);
});

t.test('a volume that is being deleted does not grow', async (t) => {
  const { cluster, controller, create, setMetadata } = open();
  await create();
  const id = (await cluster.readImage(SPEC))?.id;
  await setMetadata({ [DELETING_KEY]: `${id} c2` });
  const range = { requiredBytes: 80n * MIB, limitBytes: 0n };
  await t.rejects(expandVolume(controller, HANDLE, range, undefined), /is being deleted/);
});
