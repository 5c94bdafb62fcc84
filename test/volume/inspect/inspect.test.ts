import t from 'tap';
import { createVolume } from '../../../src/volume/create/create.js';
import { deleteVolume } from '../../../src/volume/delete/delete.js';
import { inspectVolume } from '../../../src/volume/inspect/inspect.js';
import type { ImagePart, InspectedImage } from '../../../src/volume/inspect/inspected.js';
import { PUBLISHED_KEY } from '../../../src/volume/marks.js';
import { imageName, nameKey } from '../../../src/volume/name.js';
import { RECORD_KEY } from '../../../src/volume/record.js';
import { createSnapshot } from '../../../src/volume/snapshot/create.js';
import type { Cluster } from '../../../src/volume/store.js';
import { controllerOf } from '../controllers.js';
import { MemoryCeph } from '../memory-ceph.js';
import { memoryClusters } from '../memory-clusters.js';

const MIB = 1n << 20n;
const handleOf = (name: string) => `main/rbd/${imageName(name, 'pannier-')}`;
const specOf = (name: string) => ({
  ...{ pool: 'rbd', namespace: '', image: imageName(name, 'pannier-') },
});

/** A controller on a Ceph in memory, some of whose calls are others. */
function open(change: Partial<Cluster> = {}) {
  const ceph = new MemoryCeph();
  const plain = memoryClusters(ceph, async () => {});
  const cluster: Cluster = { ...plain.get('main'), ...change };
  const controller = controllerOf({ ...plain, get: () => cluster });
  const create = (name: string, from?: string) =>
    createVolume(controller, {
      ...{ name, capabilities: [], parameters: {}, credentials: undefined },
      range: { requiredBytes: 64n * MIB, limitBytes: 0n },
      source: from === undefined ? undefined : { kind: 'volume', id: from },
    });
  const inspect = (volumeId: string, context: Record<string, string> = {}) =>
    inspectVolume(controller, { volumeId, context, countMs: 1000 });
  const imageOf = (name: string) => {
    const image = ceph.headers.get(ceph.ids.get(`rbd//${specOf(name).image}`) ?? '');
    if (image === undefined) throw new Error(`no image of ${name}`);
    return image;
  };
  return { ceph, cluster, controller, create, inspect, imageOf };
}

t.test('a volume: its record, its image, who has it open and where', async (t) => {
  const { ceph, create, inspect, imageOf } = open();
  await create('data');
  ceph.nodes.set('n1', JSON.stringify({ hostname: 'n1', address: '192.0.2.1' }));
  ceph.nodes.set('n2', JSON.stringify({ hostname: 'n2', address: '192.0.2.1' }));
  ceph.nodes.set('broken', 'of another version');
  const { id } = imageOf('data');
  ceph.watches.set(id, ['192.0.2.1:0/7', '192.0.2.9:0/9', '192.0.2.5:0/5']);
  ceph.locks.set(id, ['192.0.2.9:0/9']);
  const found = await inspect(handleOf('data'));
  t.match(found, {
    record: { keeper: 'pannier', name: 'data', sizeBytes: 64n * MIB, source: '', state: 'whole' },
    image: {
      ...{ id, sizeBytes: 64n * MIB, published: {}, snapshots: [], children: [], parents: [] },
      watchers: [
        { address: '192.0.2.1:0/7', nodes: ['n1', 'n2'], works: false },
        { address: '192.0.2.9:0/9', nodes: [], works: true },
        { address: '192.0.2.5:0/5', nodes: [], works: false },
      ],
      locks: [{ address: '192.0.2.9:0/9', nodes: [] }],
    },
  });
  t.same(found.deleted, []);
  t.same(found.gaps, []);
});

const down = async () => {
  throw new Error('it does not answer');
};

/** The calls of a cluster that fail, and what is not known then: the keys of the image, and the gap. */
const FAULTS: ReadonlyArray<
  readonly [keyof Cluster, ImagePart, readonly (keyof InspectedImage)[]]
> = [
  ['details', 'features', ['features', 'created', 'objectSizeBytes']],
  ['usedBytes', 'used', ['used']],
  ['watchers', 'watchers', ['watchers']],
  ['workers', 'watchers', ['watchers']],
  ['locks', 'locks', ['locks']],
  ['snapshots', 'snapshots', ['snapshots']],
  ['children', 'children', ['children']],
];

for (const [call, part, keys] of FAULTS)
  t.test(`${call} fails: ${part} is not known, and the rest is told`, async (t) => {
    const { create, inspect } = open({ [call]: down });
    await create('data');
    const { image, record, gaps } = await inspect(handleOf('data'));
    t.same(gaps, [{ part, problem: 'it does not answer' }]);
    t.equal(record?.state, 'whole');
    const whole = await open();
    await whole.create('data');
    const all = (await whole.inspect(handleOf('data'))).image;
    for (const key of Object.keys(all ?? {}) as (keyof InspectedImage)[])
      if (keys.includes(key)) t.equal(image?.[key], undefined, `${key} is not known`);
      else if (all?.[key] !== undefined) t.not(image?.[key], undefined, `${key} is told`);
  });

t.test('where the nodes cannot be read, nobody is said to be on none', async (t) => {
  const { ceph, create, inspect, imageOf } = open({ listNodes: down });
  await create('data');
  const { id } = imageOf('data');
  ceph.watches.set(id, ['192.0.2.1:0/7']);
  ceph.locks.set(id, ['192.0.2.9:0/9']);
  const { image, gaps } = await inspect(handleOf('data'));
  t.same(gaps, [{ part: 'nodes', problem: 'it does not answer' }]);
  t.equal(image?.watchers?.[0]?.nodes, undefined);
  t.equal(image?.locks?.[0]?.nodes, undefined);
});

t.test('publications of another version are not known, and not none', async (t) => {
  const { create, inspect, imageOf } = open();
  await create('data');
  imageOf('data').metadata.set(PUBLISHED_KEY, '{"nodes":7}');
  const { image, gaps } = await inspect(handleOf('data'));
  t.equal(image?.published, undefined);
  t.match(gaps, [{ part: 'published', problem: /cannot read/ }]);
});

t.test('what the index and the image say of each other', async (t) => {
  const stateOf = async (spoil: (made: ReturnType<typeof open>) => unknown) => {
    const made = open();
    await made.create('data');
    await spoil(made);
    return (await made.inspect(handleOf('data'))).record?.state;
  };
  const key = nameKey('data');
  t.equal(await stateOf(({ ceph }) => ceph.names.delete(key)), 'no-entry');
  t.equal(await stateOf(({ imageOf }) => imageOf('data').metadata.delete(RECORD_KEY)), 'no-mark');
  t.equal(await stateOf(({ ceph }) => ceph.ids.clear()), 'no-image');
  t.equal(
    await stateOf(({ ceph, imageOf }) => {
      const image = imageOf('data');
      const mark = image.metadata.get(RECORD_KEY) ?? '';
      ceph.names.set(key, mark.replace(image.id, 'another'));
    }),
    'differs',
  );
  t.equal(
    await stateOf(({ ceph }) => {
      ceph.elsewhere.names.entries.set(key, ceph.names.get(key) ?? '');
      ceph.names.delete(key);
    }),
    'whole',
    'another installation has the entry in an index of its own',
  );
});

t.test('an image that is none of ours, and one that is not there', async (t) => {
  const { cluster, inspect } = open();
  const layout = {
    ...{ sizeBytes: MIB, features: undefined, objectSize: undefined, stripeUnit: undefined },
    ...{ stripeCount: undefined, dataPool: undefined },
  };
  await cluster.createImage({ pool: 'rbd', namespace: '', image: 'plain' }, layout as never);
  const plain = await inspect('main/rbd/plain');
  t.equal(plain.record, undefined);
  t.not(plain.image, undefined);
  for (const id of ['main/rbd/nothing', 'elsewhere/rbd/plain', 'plain', '', '/', 'main/rbd/'])
    await t.rejects(inspect(id), { code: 'NOT_FOUND' }, `"${id}"`);
  const named = await inspect('plain', { pool: 'rbd', staticVolume: 'true' });
  t.equal(named.handle.image, 'plain', 'one that ceph-csi was only told of is called as its image');
  const context = { pool: 'rbd', imageName: 'plain' };
  t.equal((await inspect('any', context)).handle.image, 'plain');
});

t.test('clones: where they come from, and what hangs on their source', async (t) => {
  const { create, inspect, controller, imageOf } = open();
  await create('base');
  await createSnapshot(controller, {
    ...{ sourceVolumeId: handleOf('base'), name: 'nightly', parameters: {} },
    credentials: undefined,
  });
  await create('copy', handleOf('base'));
  const base = await inspect(handleOf('base'));
  t.match(base.image?.children, [{ image: specOf('copy').image, inTrash: false }]);
  t.ok(base.image?.snapshots?.some(({ handle }) => handle?.startsWith(`${handleOf('base')}@`)));
  const copy = await inspect(handleOf('copy'));
  t.match(copy.record, { source: `volume ${handleOf('base')}` });
  t.match(copy.image?.parents, [{ image: specOf('base').image, volume: handleOf('base') }]);
  // Two images cannot be each other's clone; should Ceph say so all the same, there is an end to it.
  const [first, second] = [imageOf('base'), imageOf('copy')];
  first.parent = { pool: 'rbd', namespace: '', imageId: second.id, snapshotId: 1n };
  t.equal((await inspect(handleOf('copy'))).image?.parents?.length, 32);
});

t.test('a deleted volume is told of as long as its data is there', async (t) => {
  const { create, inspect, controller } = open();
  await create('data');
  await createSnapshot(controller, {
    ...{ sourceVolumeId: handleOf('data'), name: 'nightly', parameters: {} },
    credentials: undefined,
  });
  await deleteVolume(controller, handleOf('data'), undefined);
  const found = await inspect(handleOf('data'));
  t.equal(found.image, undefined);
  t.match(found.deleted, [{ name: 'data', snapshots: 1, freeing: false }]);
});
