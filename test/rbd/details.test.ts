import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openClusters } from '../../src/rbd/clusters.js';
import { countUsed } from '../../src/rbd/used.js';
import { startCeph } from '../lab/ceph.js';
import { labFolder } from '../lab/folder.js';

const MIB = 1 << 20;
const LONG_MS = 60_000;

const ceph = await startCeph();
const clusters = openClusters([ceph.settings]);
t.teardown(() => clusters.close());
const cluster = clusters.get(ceph.name);
const place = { pool: ceph.pool, namespace: '' };

interface Info {
  readonly id: string;
  readonly order: number;
  readonly features: readonly string[];
  readonly data_pool?: string;
  readonly create_timestamp: string;
}

async function infoOf(spec: string): Promise<Info> {
  return JSON.parse(await ceph.rbd('info', '--format=json', spec));
}

/** Makes an image and answers what `rbd info` says of it. */
async function create(name: string, ...options: string[]): Promise<Info & { spec: string }> {
  const spec = `${ceph.pool}/${name}`;
  await ceph.rbd('create', ...options, spec);
  return { ...(await infoOf(spec)), spec };
}

/** Writes some bytes at each of the offsets, with Ceph's own program. */
async function write(spec: string, ...offsets: number[]): Promise<void> {
  const records = offsets.map((offset) => {
    const head = Buffer.alloc(17);
    head.write('w');
    head.writeBigUInt64LE(BigInt(offset), 1);
    head.writeBigUInt64LE(512n, 9);
    return Buffer.concat([head, Buffer.alloc(512, 'x')]);
  });
  const file = join(labFolder(), 'diff');
  writeFileSync(file, Buffer.concat([Buffer.from('rbd diff v1\n'), ...records, Buffer.from('e')]));
  await ceph.rbd('import-diff', '--no-progress', file, spec);
}

/** What `rbd du` counts of the image itself, without its snapshots. */
async function duOf(spec: string): Promise<bigint> {
  const { images } = JSON.parse(await ceph.rbd('du', '--format=json', spec)) as {
    images: ReadonlyArray<{ snapshot?: string; used_size: number }>;
  };
  return BigInt(images.find(({ snapshot }) => snapshot === undefined)?.used_size ?? -1);
}

t.test('a header tells what `rbd info` tells, of images of all kinds', async (t) => {
  const data = await ceph.freshPool();
  const images = [
    await create('details-plain', '--size=10M'),
    await create('details-bare', '--size=10M', '--image-feature=layering'),
    await create('details-small', '--size=10M', '--object-size=64K'),
    await create('details-data', '--size=10M', `--data-pool=${data}`),
    await create('details-journal', '--size=10M', '--image-feature=exclusive-lock,journaling'),
  ];
  for (const { id, spec, features, order, data_pool, create_timestamp } of images) {
    const details = await cluster.details(place, id);
    t.same([...(details?.features ?? [])].sort(), [...features].sort(), spec);
    t.match(details, {
      objectMapInvalid: false,
      objectSizeBytes: 1n << BigInt(order),
      dataPool: data_pool,
    });
    t.equal(details?.created.getTime(), Date.parse(create_timestamp), spec);
  }
  t.equal(await cluster.details(place, 'no-such-id'), undefined);
  const [{ id, spec } = { id: '', spec: '' }] = images;
  await ceph.rbd('snap', 'create', '--no-progress', `${spec}@one`);
  await ceph.rbd('clone', '--rbd-default-clone-format=2', `${spec}@one`, `${spec}-clone`);
  t.ok((await cluster.details(place, id))?.features.includes('operations'), 'of its own accord');
});

t.test('an object map that is marked as invalid is known', async (t) => {
  const { id, spec } = await create('details-invalid', '--size=10M');
  const INVALID = Buffer.alloc(16);
  INVALID.writeBigUInt64LE(1n, 0);
  INVALID.writeBigUInt64LE(1n, 8);
  const file = join(labFolder(), 'flags');
  writeFileSync(file, INVALID.subarray(0, 8));
  await ceph.rados(
    '-p',
    ceph.pool,
    'setomapval',
    `rbd_header.${id}`,
    'flags',
    '--input-file',
    file,
  );
  t.match(await cluster.details(place, id), { objectMapInvalid: true });
  await ceph.rbd('object-map', 'rebuild', '--no-progress', spec);
  t.match(await cluster.details(place, id), { objectMapInvalid: false });
});

t.test('what is used is what `rbd du` counts, with an object map and without', async (t) => {
  const kinds: Readonly<Record<string, string[]>> = {
    map: [],
    'no-map': ['--image-feature=layering,exclusive-lock'],
    bare: ['--image-feature=layering'],
  };
  for (const [kind, options] of Object.entries(kinds)) {
    const { id, spec } = await create(`used-${kind}`, `--size=${1025 * MIB}B`, ...options);
    const used = () => cluster.usedBytes(place, id, LONG_MS);
    const whole = { lookedAtBytes: BigInt(1025 * MIB) };
    t.match(await used(), { ...whole, bytes: 0n }, `${kind}: nothing`);
    // The first two objects, one in another slice, and the last one, which is a quarter of the others' size.
    await write(spec, 0, 4 * MIB, 600 * MIB, 1024 * MIB);
    t.match(await used(), { ...whole, bytes: BigInt(13 * MIB) }, `${kind}: four objects`);
    await ceph.rbd('snap', 'create', '--no-progress', `${spec}@one`);
    await write(spec, 8 * MIB);
    t.match(await used(), { ...whole, bytes: BigInt(17 * MIB) }, `${kind}: with a snapshot`);
    if (kind === 'map') {
      await ceph.rbd('snap', 'rm', '--no-progress', `${spec}@one`);
      t.equal(await duOf(spec), BigInt(17 * MIB), 'as Ceph counts');
    }
  }
  t.equal(await cluster.usedBytes(place, 'no-such-id', LONG_MS), undefined);
});

t.test('what a clone has of its parent is not its own', async (t) => {
  const { spec } = await create('used-parent', '--size=16M');
  await write(spec, 0, 8 * MIB);
  await ceph.rbd('snap', 'create', '--no-progress', `${spec}@base`);
  const clone = `${ceph.pool}/used-clone`;
  await ceph.rbd('clone', '--rbd-default-clone-format=2', `${spec}@base`, clone);
  await write(clone, 4 * MIB);
  const { id } = await infoOf(clone);
  t.match(await cluster.usedBytes(place, id, LONG_MS), { bytes: BigInt(4 * MIB) });
});

t.test('an image without an object map is looked at for a time, and no longer', async (t) => {
  const { id } = await create('used-huge', '--size=64T', '--image-feature=layering');
  const some = await cluster.usedBytes(place, id, 1);
  t.ok((some?.lookedAtBytes ?? 0n) < 64n << 40n, `${some?.lookedAtBytes} bytes were looked at`);
  const { id: mapped } = await create('used-huge-map', '--size=8T');
  t.match(await cluster.usedBytes(place, mapped, 1), { bytes: 0n, lookedAtBytes: 8n << 40n });
});

t.test('each state of an object in a map, and an object that the map lacks', (t) => {
  const map = Buffer.concat([Buffer.alloc(18), Buffer.from([0b00011011, 0b01000000])]);
  t.equal(countUsed(map, 20n, 4n), 16n, 'none, there, being removed, clean; and a fifth');
  t.equal(countUsed(map, 17n, 4n), 13n, 'of the last one there is only a byte');
  t.equal(countUsed(map, 40n, 4n), 16n, 'the map has not grown yet');
  t.equal(countUsed(map, 0n, 4n), 0n);
  t.end();
});

t.test('clones of both formats, of several snapshots, anywhere and in the trash', async (t) => {
  const { id, spec } = await create('children', '--size=8M');
  t.same(await cluster.children(place, id), []);
  for (const snapshot of ['one', 'two'])
    await ceph.rbd('snap', 'create', '--no-progress', `${spec}@${snapshot}`);
  await ceph.rbd('snap', 'protect', `${spec}@one`);
  const pool = await ceph.freshPool();
  await ceph.rbd('namespace', 'create', `${pool}/inner`);
  await ceph.rbd('clone', '--rbd-default-clone-format=1', `${spec}@one`, `${pool}/first`);
  await ceph.rbd('clone', '--rbd-default-clone-format=2', `${spec}@two`, `${pool}/inner/second`);
  await ceph.rbd('clone', '--rbd-default-clone-format=2', `${spec}@two`, `${ceph.pool}/third`);
  await ceph.rbd('trash', 'mv', `${ceph.pool}/third`);
  const found = [...(await cluster.children(place, id))];
  found.sort((a, b) => (a.image < b.image ? -1 : 1));
  t.match(found, [
    { pool, namespace: '', image: 'first', inTrash: false },
    { pool, namespace: 'inner', image: 'second', inTrash: false },
    { pool: ceph.pool, namespace: '', image: 'third', inTrash: true },
  ]);
  t.equal(found[0]?.imageId, (await infoOf(`${pool}/first`)).id);
  t.same(await cluster.children(place, 'no-such-id'), []);
});

t.test('locks by hand, exclusive and shared, with who holds them', async (t) => {
  const { id, spec } = await create('locks', '--size=8M');
  t.same(await cluster.locks(place, id), []);
  await ceph.rbd('lock', 'add', spec, 'by hand');
  const [lock] = await cluster.locks(place, id);
  t.match(lock, { name: 'rbd_lock', exclusive: true, holders: [{ cookie: 'by hand' }] });
  const [holder] = lock?.holders ?? [];
  t.match(holder?.client, /^client\.\d+$/);
  t.match(holder?.address, /^[\d.]+:\d+\/\d+$/);
  await ceph.rbd('lock', 'rm', spec, 'by hand', holder?.client ?? '');
  for (const cookie of ['a', 'b']) await ceph.rbd('lock', 'add', '--shared=tag', spec, cookie);
  const [shared] = await cluster.locks(place, id);
  t.match(shared, { exclusive: false });
  t.same(shared?.holders.map(({ cookie }) => cookie).sort(), ['a', 'b']);
  t.same(await cluster.locks(place, 'no-such-id'), []);
});

t.test("pools by their number, and ceph-csi's journal", async (t) => {
  const pools = JSON.parse(await ceph.ceph('osd', 'pool', 'ls', 'detail', '--format=json')) as {
    pool_id: number;
    pool_name: string;
  }[];
  const own = pools.find(({ pool_name }) => pool_name === ceph.pool);
  t.equal(await cluster.poolNamed(BigInt(own?.pool_id ?? 0)), ceph.pool);
  t.equal(await cluster.poolNamed(1n << 40n), undefined);
  const uuid = '0b5d4bd8-7a2e-11ee-b962-0242ac120002';
  t.equal(await cluster.journalEntry(place, uuid), undefined);
  const object = `csi.volume.${uuid}`;
  await ceph.rados('-p', ceph.pool, 'setomapval', object, 'csi.volname', 'pvc-1');
  t.equal(await cluster.journalEntry(place, uuid), undefined, 'it says no image yet');
  await ceph.rados('-p', ceph.pool, 'setomapval', object, 'csi.imagename', `csi-vol-${uuid}`);
  t.same(await cluster.journalEntry(place, uuid), {
    name: 'pvc-1',
    image: `csi-vol-${uuid}`,
    imageId: '',
  });
});
