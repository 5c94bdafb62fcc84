import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { connect } from '../../src/csi/wire/client.js';
import { Admin, Work_Kind as Kind, type Work } from '../../src/proto/pannier/admin/v1/admin_pb.js';
import { MOST_PARENTS } from '../../src/volume/work/depth.js';
import { bytesOf, specOf, writeTo } from '../lab/bytes.js';
import { startCeph } from '../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { type LabPlugin, startPlugin } from '../lab/plugin.js';
import { createVolume, held, MIB, refused } from './refusal.js';

// Plugins of other test files would take up the flattening of these images.
const ceph = await startCeph({ own: true });
let plugin = await startPlugin({ clusters: [ceph.settings], mode: 'controller' });

/** In objects of 4 KiB it takes seconds to flatten. */
const LARGE = 96n * MIB;

const fromVolume = (volumeId: string) => ({
  volumeContentSource: { type: { case: 'volume' as const, value: { volumeId } } },
});

/** The parents of an image, one behind the other, as `rbd info` shows them. */
async function parentsOf(volumeId: string): Promise<string[]> {
  const found: string[] = [];
  for (let at = specOf(volumeId); ; ) {
    const { parent } = JSON.parse(await ceph.rbd('info', '--format', 'json', at));
    if (parent === undefined) return found;
    at = `${parent.pool}/${parent.image}`;
    found.push(at);
  }
}

async function workOf({ endpoint }: LabPlugin): Promise<Work[]> {
  const connection = connect(endpoint);
  try {
    return (await connection.service(Admin).listWork({})).work;
  } finally {
    connection.close();
  }
}

async function flattening(of: LabPlugin): Promise<Work[]> {
  return (await workOf(of)).filter(({ kind }) => kind === Kind.FLATTEN_IMAGE);
}

/** Waits for flattening, and for what goes with it: `rbd` meets parents that go while it opens a clone. */
async function allFlattened(): Promise<void> {
  while ((await workOf(plugin)).length > 0) await sleep(200);
}

/** A volume with data, its clone, the clone's clone, and so on: `length` of them, the last one laid out as is asked. */
async function chain(
  name: string,
  length: number,
  size: bigint,
  ofLast: Record<string, string>,
): Promise<string[]> {
  const volumes: string[] = [];
  for (let n = 0; n < length; n++) {
    const parent = volumes.at(-1);
    const source = parent === undefined ? {} : fromVolume(parent);
    const parameters = n === length - 1 ? ofLast : {};
    const volume = await createVolume(plugin, `${name}-${n}`, size, { parameters, ...source });
    if (n === 0) await writeTo(ceph, volume, 9);
    volumes.push(volume);
  }
  return volumes;
}

async function deleteAll(volumes: readonly string[]): Promise<void> {
  for (const volumeId of volumes) await plugin.controller.deleteVolume({ volumeId });
}

t.test('a chain of clones becomes no longer than it may, and keeps its bytes', async (t) => {
  const volumes = await chain('long', 2 * MOST_PARENTS + 3, 64n * MIB, {});
  const bytes = await bytesOf(ceph, volumes[0] ?? '');
  await allFlattened();
  for (const volumeId of volumes) {
    const parents = await parentsOf(volumeId);
    t.ok(parents.length <= MOST_PARENTS, `${volumeId}: ${parents.length} parents`);
    t.equal(await bytesOf(ceph, volumeId), bytes);
  }
  t.ok((await parentsOf(volumes[1] ?? '')).length === 1, 'what is short stays a clone');
  const [first, ...rest] = volumes;
  await deleteAll([first ?? '']);
  for (const volumeId of rest) t.equal(await bytesOf(ceph, volumeId), bytes, 'without the first');
  await deleteAll(rest);
  t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
});

for (const features of ['layering,exclusive-lock', 'layering'])
  t.test(`flattening tells how far it is, and goes on after kill -9: ${features}`, async (t) => {
    const parameters = { imageFeatures: features, objectSize: '4096' };
    const volumes = await chain('large', MOST_PARENTS + 2, LARGE, parameters);
    const deep = volumes.at(-1) ?? '';
    const bytes = await bytesOf(ceph, volumes[0] ?? '');
    const told = async (least: number): Promise<Work> => {
      for (;;) {
        const work = (await flattening(plugin)).find(({ volumeId }) => volumeId === deep);
        if (work === undefined) throw new Error('it ended before it told of its progress');
        if (work.percent >= least) return work;
        await sleep(50);
      }
    };
    const { percent, ...work } = await told(1);
    t.match(work, { cluster: ceph.name, pool: ceph.pool, namespace: '' });
    t.ok(percent < 100, `${percent} % done`);
    t.equal((await parentsOf(deep)).length, MOST_PARENTS + 1);
    const copy = (name: string) => createVolume(plugin, name, LARGE, fromVolume(deep));
    const copies: string[] = [];
    // Without exclusive-lock the parent would go that the snapshot needs, through which it is cloned.
    if (features === 'layering') await refused(t, copy('meanwhile'), 'UNAVAILABLE', 'flattened');
    else copies.push(await copy('meanwhile'));
    const { folder } = plugin;
    t.equal(await plugin.stop('SIGKILL'), 'SIGKILL');

    plugin = await startPlugin({ clusters: [ceph.settings], mode: 'controller', folder });
    t.ok((await told(0)).percent > 0, 'what was done is remembered');
    await allFlattened();
    copies.push(await copy('meanwhile'), await copy('afterwards'));
    await allFlattened();
    t.ok((await parentsOf(deep)).length <= MOST_PARENTS);
    for (const volumeId of [...volumes, ...copies]) t.equal(await bytesOf(ceph, volumeId), bytes);
    await deleteAll([...volumes, ...copies]);
    t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
  });

t.test(
  'a source whose chain is too long for one more is UNAVAILABLE, and nothing is left',
  async (t) => {
    const images: string[] = [];
    const clone = ['--rbd-default-clone-format', '2', '--image-feature', 'layering'];
    for (let n = 0; n <= 13; n++) {
      const spec = `${ceph.pool}/by-hand-${n}`;
      const last = images.at(-1);
      if (last === undefined) await ceph.rbd('create', '--size', '1M', spec);
      else await ceph.rbd('clone', ...clone, `${last}@s`, spec);
      await ceph.rbd('snap', 'create', '--no-progress', `${spec}@s`);
      images.push(spec);
    }
    const source = `${ceph.name}/${images.at(-1)}`;
    const before = await held(ceph);
    await refused(
      t,
      createVolume(plugin, 'too-deep', MIB, fromVolume(source)),
      'UNAVAILABLE',
      'is a clone with more than 12 parents',
      'flattened in the background',
    );
    t.same(await held(ceph), before);
    await ceph.rbd('flatten', '--no-progress', `${images[8]}`);
    const made = await createVolume(plugin, 'too-deep', MIB, fromVolume(source));
    await allFlattened();
    t.ok((await parentsOf(made)).length <= MOST_PARENTS);
    await deleteAll([made]);
    for (const spec of images.reverse()) {
      const snapshots = async () => (await ceph.rbd('snap', 'ls', '--all', spec)).includes('clone');
      while (await snapshots()) await sleep(200);
      await ceph.rbd('snap', 'purge', '--no-progress', spec);
      await ceph.rbd('rm', '--no-progress', spec);
    }
    t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
  },
);

t.test('nothing of it was unforeseen', async (t) => {
  t.same(
    plugin.log.filter(({ code }) => code === 'INTERNAL'),
    [],
  );
  t.equal(await plugin.stop(), 0);
});
