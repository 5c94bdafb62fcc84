import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { accessOf } from '../../src/rbd/access.js';
import { openClusters } from '../../src/rbd/clusters.js';
import { callAsync, Memory } from '../../src/rbd/native.js';
import { Session } from '../../src/rbd/session.js';
import type { ErrorName } from '../../src/volume/errors.js';
import { nameKey } from '../../src/volume/name.js';
import type { ImageLayout, ImageSpec } from '../../src/volume/store.js';
import { startCeph } from '../lab/ceph.js';
import { labFolder } from '../lab/folder.js';

const PLAIN: ImageLayout = {
  sizeBytes: 10_000_001n,
  features: undefined,
  objectSize: undefined,
  stripeUnit: undefined,
  stripeCount: undefined,
  dataPool: undefined,
};
const RACERS = 24;

const ceph = await startCeph();
const clusters = openClusters([ceph.settings]);
const others = openClusters([{ ...ceph.settings, conf: undefined, monitors: ceph.monitors }]);
t.teardown(() => Promise.all([clusters.close(), others.close()]));
const cluster = clusters.get(ceph.name);
const other = others.get(ceph.name);

/** What an error of the catalogue looks like. */
function failure(kind: ErrorName): { readonly name: string; readonly kind: ErrorName } {
  return { name: 'VolumeError', kind };
}

let made = 0;
function fresh(namespace = '', pool = ceph.pool): ImageSpec {
  made += 1;
  return { pool, namespace, image: `pannier-bücher-${made}` };
}

async function create(spec: ImageSpec, layout: Partial<ImageLayout> = {}): Promise<string> {
  await cluster.createImage(spec, { ...PLAIN, ...layout });
  return (await cluster.readImage(spec))?.id ?? '';
}

/** Runs one call many times at once, on two connections in turn, and counts the answers. */
async function race<T extends string>(
  call: (side: typeof cluster, turn: number) => Promise<T>,
): Promise<Partial<Record<T, number>>> {
  const turns = Array.from({ length: RACERS }, (_, turn) => turn);
  const answers = await Promise.all(turns.map((turn) => call(turn % 2 ? cluster : other, turn)));
  const count: Partial<Record<T, number>> = {};
  for (const answer of answers) count[answer] = (count[answer] ?? 0) + 1;
  return count;
}

/** Has an image open for writing, as another client, while `work` runs. */
async function whileOpen(spec: ImageSpec, work: () => Promise<void>): Promise<void> {
  const session = await Session.connect(accessOf(ceph.settings));
  try {
    await session.inPool(spec.pool, spec.namespace, async (io) => {
      using out = new Memory(8);
      t.equal(await callAsync('rbd_open', io, spec.image, out.address, null), 0);
      try {
        await work();
      } finally {
        await callAsync('rbd_close', out.handle(0, 'rbd_image_t'));
      }
    });
  } finally {
    await session.shutdown();
  }
}

t.test('the name index changes a value only from what is expected', async (t) => {
  const key = nameKey('Bücher');
  t.equal(await cluster.names.read(key), undefined);
  t.equal(await cluster.names.swap(key, undefined, 'größe'), 'swapped');
  t.equal(await other.names.read(key), 'größe');
  t.equal(await other.names.swap(key, undefined, 'x'), 'differs');
  t.equal(await other.names.swap(key, 'größ', 'x'), 'differs');
  t.equal(await other.names.swap(key, 'größe', 'x'), 'swapped');
  t.equal(await cluster.names.swap(key, 'größe', undefined), 'differs');
  t.equal(await cluster.names.swap(key, 'x', undefined), 'swapped');
  t.equal(await cluster.names.read(key), undefined);
  t.equal(await cluster.names.swap(key, undefined, undefined), 'swapped');
});

t.test('of many controllers that claim a name at once, one has it', async (t) => {
  const key = nameKey('race');
  const claims = await race((side, turn) => side.names.swap(key, undefined, `claim ${turn}`));
  t.same(claims, { swapped: 1, differs: RACERS - 1 });
  t.equal(await cluster.names.swap(key, await other.names.read(key), undefined), 'swapped');
});

t.test('the name index is listed in pages, all of it and each entry once', async (t) => {
  const keys = Array.from({ length: 100 }, (_, index) => nameKey(`listed ${index}`));
  await Promise.all(keys.map((key) => cluster.names.swap(key, undefined, `of ${key}`)));
  const seen: string[] = [];
  for (let after: string | undefined; ; after = seen.at(-1)) {
    const page = await cluster.names.list(after, 7);
    for (const { key, value } of page) t.equal(value, `of ${key}`);
    seen.push(...page.map(({ key }) => key));
    if (page.length < 7) break;
  }
  t.same([...seen].sort(), [...keys].sort());
  t.same(
    (await other.names.list(undefined, 1000)).map(({ key }) => key),
    seen,
    'a stable order',
  );
  const [gone = ''] = seen;
  await cluster.names.swap(gone, `of ${gone}`, undefined);
  t.same(
    (await cluster.names.list(gone, 3)).map(({ key }) => key),
    seen.slice(1, 4),
    'a page may begin behind what is gone',
  );
  t.same(await cluster.names.list(undefined, 0), []);
});

t.test('a task is added where there is none, with the entry beside it or not at all', async (t) => {
  const key = nameKey('beside');
  const add = [{ id: 'image x', value: 'one' }];
  t.equal(await cluster.names.swap(key, 'other', 'other', { add }), 'differs');
  t.equal(await cluster.names.swap(key, undefined, undefined, { add }), 'swapped');
  t.equal(await other.names.swap(key, undefined, undefined, { add }), 'differs');
  t.equal(await other.names.swap(key, undefined, 'entry', { add }), 'differs');
  t.equal(await cluster.names.read(key), undefined);
  t.same(await cluster.names.listTasks(), [{ key, ...add[0] }]);
  t.equal(await cluster.names.swap(key, undefined, undefined, { take: add }), 'swapped');
  t.same(await cluster.names.listTasks(), []);
});

t.test('indexes in other pools are those of other installations', async (t) => {
  const pool = await ceph.freshPool();
  const elsewhere = openClusters([{ ...ceph.settings, pool }]);
  t.teardown(() => elsewhere.close());
  const key = nameKey('elsewhere');
  await elsewhere.get(ceph.name).names.swap(key, undefined, 'there');
  const entries = async (side: typeof cluster) => {
    const all = await side.indexesElsewhere();
    return (await Promise.all(all.map(({ names }) => names.read(key)))).filter(Boolean);
  };
  t.same(await entries(cluster), ['there']);
  t.same(await entries(elsewhere.get(ceph.name)), [], 'its own is not elsewhere');
});

t.test('the node registry keeps what a node says of itself', async (t) => {
  t.equal(await cluster.readNode('knoten-ü'), undefined);
  await cluster.writeNode('knoten-ü', '{"a":1}');
  await cluster.writeNode('knoten-ü', '{"a":2}');
  t.equal(await other.readNode('knoten-ü'), '{"a":2}');
});

t.test('an image is created once, of exactly the size asked for, and read', async (t) => {
  const spec = fresh();
  t.equal(await cluster.readImage(spec), undefined);
  t.same(await race((side) => side.createImage(spec, PLAIN)), { created: 1, exists: RACERS - 1 });
  const image = await cluster.readImage(spec);
  t.match(image, { sizeBytes: PLAIN.sizeBytes, id: /^[0-9a-f]+$/ });
  t.equal(image?.metadata.size, 0);
  const info = JSON.parse(await ceph.rbd('info', '--format', 'json', `${spec.pool}/${spec.image}`));
  t.match(info, { name: spec.image, size: Number(PLAIN.sizeBytes), format: 2, id: image?.id });
});

t.test('an image has the layout that is asked for', async (t) => {
  const [spec, dataPool] = [fresh(), await ceph.freshPool()];
  const layout: ImageLayout = {
    sizeBytes: 1n << 33n,
    features: ['layering', 'exclusive-lock'],
    objectSize: 1n << 20n,
    stripeUnit: 1n << 16n,
    stripeCount: 4n,
    dataPool,
  };
  t.equal(await cluster.createImage(spec, layout), 'created');
  const info = JSON.parse(await ceph.rbd('info', '--format', 'json', `${spec.pool}/${spec.image}`));
  t.match(info, { size: 2 ** 33, order: 20, stripe_unit: 65536, stripe_count: 4 });
  t.equal(info.data_pool, dataPool);
  t.same(
    [...info.features].sort(),
    ['data-pool', 'exclusive-lock', 'layering', 'striping'],
    'those that the layout needs besides',
  );
});

t.test('what the cluster cannot make is told by name', async (t) => {
  const spec = fresh();
  await t.rejects(cluster.createImage({ ...spec, pool: 'nöpe' }, PLAIN), {
    kind: 'unknown-pool',
    message: 'pool "nöpe" does not exist in cluster "ceph"',
  });
  await t.rejects(cluster.createImage(spec, { ...PLAIN, dataPool: 'data-nope' }), {
    kind: 'unknown-pool',
    message: /"data-nope"/,
  });
  await t.rejects(cluster.createImage({ ...spec, namespace: 'none' }, PLAIN), {
    kind: 'unknown-namespace',
    message: /"none".*cluster "ceph"/,
  });
  await t.rejects(
    cluster.createImage(spec, { ...PLAIN, stripeUnit: 3n, stripeCount: 2n }),
    failure('invalid-field'),
  );
  await t.rejects(
    cluster.createImage(spec, { ...PLAIN, objectSize: 1n << 40n }),
    failure('invalid-field'),
  );
  await t.rejects(cluster.createImage(spec, { ...PLAIN, features: ['levitation'] }), {
    kind: 'invalid-field',
    message: /levitation/,
  });
  for (const call of [
    () => cluster.readImage({ ...spec, pool: 'nope' }),
    () => cluster.capacity('nope'),
    () => cluster.listNamespaces('nope'),
    () => cluster.listTrash({ pool: 'nope', namespace: '' }),
    () => cluster.swapMetadata({ pool: 'nope', namespace: '' }, 'id', {}, { a: 'b' }),
  ])
    await t.rejects<unknown>(call(), failure('unknown-pool'));
  t.equal(await cluster.readImage(spec), undefined, 'nothing is half made');
});

t.test('metadata changes only from what is expected, in one operation', async (t) => {
  const spec = fresh();
  const id = await create(spec);
  const swap = cluster.swapMetadata;
  t.equal(
    await swap(spec, id, { 'pannier.a': undefined }, { 'pannier.a': 'ä', 'pannier.b': 'b' }),
    'swapped',
  );
  await ceph.rbd('image-meta', 'set', `${spec.pool}/${spec.image}`, 'other', 'theirs');
  const read = async () => Object.fromEntries((await other.readImage(spec))?.metadata ?? []);
  t.same(await read(), { 'pannier.a': 'ä', 'pannier.b': 'b' });
  t.equal(await swap(spec, id, { 'pannier.a': 'a' }, { 'pannier.b': 'no' }), 'differs');
  t.equal(
    await swap(spec, id, { 'pannier.a': 'ä', 'pannier.b': 'x' }, { 'pannier.b': 'no' }),
    'differs',
    'every key counts',
  );
  t.equal(await swap(spec, id, { 'pannier.a': undefined }, { 'pannier.b': 'no' }), 'differs');
  t.same(await read(), { 'pannier.a': 'ä', 'pannier.b': 'b' });
  t.equal(
    await swap(spec, id, { 'pannier.b': 'b' }, { 'pannier.a': undefined, 'pannier.c': 'c' }),
    'swapped',
  );
  t.same(await read(), { 'pannier.b': 'b', 'pannier.c': 'c' });
  const listed = await ceph.rbd('image-meta', 'get', `${spec.pool}/${spec.image}`, 'pannier.c');
  t.equal(listed.trim(), 'c', '`rbd image-meta` sees it');
  t.equal(await swap(spec, '1234abcd', {}, { 'pannier.a': 'x' }), 'gone');
  t.equal(
    await swap(spec, '1234abcd', { 'pannier.a': undefined }, { 'pannier.a': 'x' }),
    'gone',
    'and no header is made',
  );
  const big = 'x'.repeat(40_000);
  t.equal(await swap(spec, id, {}, { 'pannier.big': big }), 'swapped');
  t.equal((await read())['pannier.big'], big);
});

t.test('of many controllers that commit an image at once, one does', async (t) => {
  const spec = fresh();
  const id = await create(spec);
  const commits = await race((side, turn) =>
    side.swapMetadata(spec, id, { 'pannier.a': undefined }, { 'pannier.a': `${turn}` }),
  );
  t.same(commits, { swapped: 1, differs: RACERS - 1 });
});

t.test('an image in a namespace is apart from one of the same name outside', async (t) => {
  await ceph.rbd('namespace', 'create', `${ceph.pool}/räume`);
  t.same(await cluster.listNamespaces(ceph.pool), ['', 'räume']);
  const inside = fresh('räume');
  const outside = { ...inside, namespace: '' };
  const id = await create(inside);
  t.equal(await cluster.readImage(outside), undefined);
  t.not(await create(outside, { sizeBytes: 5n }), id);
  t.equal(await cluster.swapMetadata(inside, id, {}, { 'pannier.a': 'in' }), 'swapped');
  t.equal((await cluster.readImage(outside))?.metadata.size, 0);
  t.equal(await cluster.growImage(inside, 20_000_000n), 'grown');
  t.equal(await cluster.trashImage(inside, id, new Date()), 'trashed');
  t.same(await cluster.listTrash(outside), []);
  t.match(await cluster.listTrash(inside), [{ id, name: inside.image }]);
  t.equal(await cluster.purgeTrashed(inside, id, undefined), 'removed');
  t.equal((await cluster.readImage(outside))?.sizeBytes, 5n);
});

t.test('an image grows and never shrinks, however the calls fall', async (t) => {
  const spec = fresh();
  t.equal(await cluster.growImage(spec, 1n), 'gone');
  await create(spec);
  t.equal(await cluster.growImage(spec, PLAIN.sizeBytes), 'larger');
  t.equal(await cluster.growImage(spec, 1n), 'larger');
  t.equal(await cluster.growImage(spec, 20_000_003n), 'grown');
  t.equal((await cluster.readImage(spec))?.sizeBytes, 20_000_003n);
  await race((side, turn) => side.growImage(spec, 21_000_000n + BigInt(turn % 6) * 1_000_000n));
  t.equal((await cluster.readImage(spec))?.sizeBytes, 26_000_000n);
});

/** A text as Ceph's classes encode it. */
function encoded(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

t.test('what a creation that was killed inside Ceph left does not keep its name', async (t) => {
  const spec = fresh();
  const id = await create(spec);
  await ceph.rados('-p', spec.pool, 'rm', `rbd_header.${id}`);
  t.equal(await cluster.createImage(spec, PLAIN), 'exists');
  t.equal(await cluster.readImage(spec), undefined);
  t.equal(await cluster.findRemains(spec), id);
  await cluster.clearRemains(spec, 'another');
  t.equal(await cluster.findRemains(spec), id, 'what has another id is left alone');
  await cluster.clearRemains(spec, id);
  t.equal(await cluster.findRemains(spec), undefined);
  t.equal(await cluster.createImage(spec, PLAIN), 'created');
  t.equal(await cluster.findRemains(spec), undefined);
  const whole = await cluster.readImage(spec);
  await cluster.clearRemains(spec, whole?.id ?? '');
  t.same(await cluster.readImage(spec), whole, 'a whole image is left alone');
});

t.test(
  'what a move to the trash that was killed left does not keep its name, and the trash is kept',
  async (t) => {
    const spec = fresh();
    const id = await create(spec);
    await cluster.trashImage(spec, id, new Date());
    const directory = [
      [`name_${spec.image}`, encoded(id)],
      [`id_${id}`, encoded(spec.image)],
    ] as const;
    for (const [key, value] of directory) {
      const file = join(labFolder(), 'value');
      writeFileSync(file, value);
      await ceph.rados('-p', spec.pool, 'setomapval', 'rbd_directory', key, '--input-file', file);
    }
    t.equal(await cluster.createImage(spec, PLAIN), 'exists');
    t.equal(await cluster.findRemains(spec), id);
    await cluster.clearRemains(spec, id);
    t.equal((await cluster.readImageById(spec, id))?.id, id, 'the trashed image is whole');
    t.equal(await cluster.purgeTrashed(spec, id, undefined), 'removed');
    t.equal(await cluster.createImage(spec, PLAIN), 'created');
  },
);

t.test('without exclusive-lock too, racing growths leave the largest size', async (t) => {
  for (let round = 0; round < 5; round += 1) {
    const spec = fresh();
    await create(spec, { features: ['layering'] });
    await Promise.all([
      cluster.growImage(spec, 90_000_000n),
      other.growImage(spec, 80_000_000n),
      other.growImage(spec, 95_000_000n),
    ]);
    t.equal((await cluster.readImage(spec))?.sizeBytes, 95_000_000n);
  }
});

t.test('watchers are the clients that have the image open for writing', async (t) => {
  const spec = fresh();
  t.same(await cluster.watchers(spec), []);
  await create(spec);
  t.same(await cluster.watchers(spec), []);
  await whileOpen(spec, async () => {
    const found = await cluster.watchers(spec);
    t.equal(found.length, 1);
    const [watcher] = found;
    t.match(watcher?.address, /^[0-9a-f.:[\]]+:0\/\d+$/, 'no protocol before it');
    t.equal(watcher?.address.startsWith(`${await cluster.address()}:`), true);
    t.type(watcher?.clientId, 'bigint');
  });
  t.same(await cluster.watchers(spec), []);
});

t.test('an image is blank until a byte is written to it', async (t) => {
  for (const features of [undefined, ['layering']]) {
    const spec = fresh();
    await create(spec, { features, sizeBytes: 100_000_000n });
    t.equal(await cluster.isBlank(spec), true);
    await ceph.rbd(
      ...['bench', '--io-type', 'write', '--io-size', '4096', '--io-threads', '1'],
      ...['--io-total', '12288', '--io-pattern', 'rand', `${spec.pool}/${spec.image}`],
    );
    t.equal(await cluster.isBlank(spec), false);
  }
  await t.rejects(cluster.isBlank(fresh()), failure('ceph-error'));
});

t.test('a deleted image is in the trash, readable, until it is purged', async (t) => {
  const spec = fresh();
  t.equal(await cluster.trashImage(spec, '1234abcd', new Date()), 'gone');
  const id = await create(spec);
  await cluster.swapMetadata(spec, id, {}, { 'pannier.a': 'ä' });
  t.equal(await cluster.trashImage(spec, id, new Date()), 'trashed');
  t.equal(await cluster.trashImage(spec, id, new Date()), 'gone');
  t.equal(await cluster.readImage(spec), undefined);
  const [entry, ...more] = await other.listTrash(spec);
  t.match(entry, { id, name: spec.image });
  t.ok((entry?.expires.getTime() ?? Number.NaN) <= Date.now() + 1000);
  t.same(more, []);
  const image = await cluster.readImageById(spec, id);
  t.equal(image?.sizeBytes, PLAIN.sizeBytes);
  t.equal(image?.metadata.get('pannier.a'), 'ä');
  t.not(await create(spec), id, 'its name is free');
  t.equal(await cluster.purgeTrashed(spec, id, undefined), 'removed');
  t.equal(await cluster.purgeTrashed(spec, id, undefined), 'removed');
  t.equal(await cluster.readImageById(spec, id), undefined);
  t.same(await cluster.listTrash(spec), []);
});

t.test('a name that another image has by now is not taken from it', async (t) => {
  const spec = fresh();
  const old = await create(spec);
  t.equal(await cluster.trashImage(spec, old, new Date()), 'trashed');
  const id = await create(spec);
  t.equal(
    await other.trashImage(spec, old, new Date()),
    'gone',
    'a slower controller, in the same deletion',
  );
  t.equal((await cluster.readImage(spec))?.id, id);
  const info = JSON.parse(await ceph.rbd('info', '--format', 'json', `${spec.pool}/${spec.image}`));
  t.equal(info.id, id);
  t.equal(await cluster.purgeTrashed(spec, old, undefined), 'removed');
  t.equal(await cluster.trashImage(spec, old, new Date()), 'gone');
  t.equal(
    await cluster.purgeTrashed(spec, old, undefined),
    'removed',
    'an entry without an image goes too',
  );
  t.same(await cluster.listTrash(spec), []);
  for (let round = 0; round < 5; round += 1) {
    const racing = fresh();
    const first = await create(racing);
    const outcomes = race((side) => side.trashImage(racing, first, new Date()));
    const again = create(racing).then(() => cluster.readImage(racing));
    const { trashed, gone } = await outcomes;
    t.same({ trashed, gone }, { trashed: 1, gone: RACERS - 1 });
    const made = (await again) ?? (await create(racing).then(() => cluster.readImage(racing)));
    t.equal(made?.sizeBytes, PLAIN.sizeBytes);
    t.not(made?.id, first);
    await cluster.purgeTrashed(racing, first, undefined);
    await cluster.trashImage(racing, made?.id ?? '', new Date());
    await cluster.purgeTrashed(racing, made?.id ?? '', undefined);
  }
  t.same(await cluster.listTrash(spec), []);
});

t.test('an image that is open for writing is kept in the trash', async (t) => {
  const spec = fresh();
  const id = await create(spec);
  await whileOpen(spec, async () => {
    t.equal((await cluster.watchers(spec)).length, 1);
    t.equal(await cluster.trashImage(spec, id, new Date()), 'trashed');
    t.equal(await cluster.purgeTrashed(spec, id, undefined), 'busy');
    t.equal((await cluster.readImageById(spec, id))?.id, id);
  });
  t.equal(await cluster.purgeTrashed(spec, id, undefined), 'removed');
});

t.test('an image with a snapshot stays in the trash', async (t) => {
  const spec = fresh();
  const id = await create(spec);
  await ceph.rbd('snap', 'create', `${spec.pool}/${spec.image}@s`);
  t.equal(await cluster.trashImage(spec, id, new Date()), 'trashed');
  t.equal(await cluster.purgeTrashed(spec, id, undefined), 'busy');
});

t.test('what is put into the trash is what `rbd` knows: listed, restored, removed', async (t) => {
  const spec = fresh();
  const id = await create(spec);
  const image = `${spec.pool}/${spec.image}`;
  t.equal(await cluster.trashImage(spec, id, new Date()), 'trashed');
  const listed = JSON.parse(await ceph.rbd('trash', 'ls', '--format=json', spec.pool)) as {
    readonly id: string;
  }[];
  t.match(
    listed.filter((entry) => entry.id === id),
    [{ id, name: spec.image }],
  );
  await ceph.rbd('trash', 'restore', `${spec.pool}/${id}`);
  t.match(JSON.parse(await ceph.rbd('info', '--format=json', image)), {
    id,
    size: Number(PLAIN.sizeBytes),
  });
  await ceph.rbd('bench', '--io-type=write', '--io-total=64K', '--io-size=4K', image);
  await ceph.rbd('trash', 'mv', image);
  await ceph.rbd('trash', 'rm', `${spec.pool}/${id}`);
  t.equal(await cluster.readImageById(spec, id), undefined);
});

t.test('an image that lost its name gets one, and what is gone leaves none behind', async (t) => {
  const spec = fresh();
  const id = await create(spec);
  await ceph.rados('-p', ceph.pool, 'rm', `rbd_id.${spec.image}`);
  t.equal(await cluster.readImage(spec), undefined);
  t.equal(await cluster.restoreImage(spec, id), 'restored');
  t.equal((await cluster.readImage(spec))?.id, id);
  await cluster.trashImage(spec, id, new Date());
  t.equal(await cluster.restoreImage(spec, id), 'restored', 'out of the trash too');
  await cluster.trashImage(spec, id, new Date());
  await cluster.purgeTrashed(spec, id, undefined);
  t.equal(await cluster.restoreImage(spec, id), 'gone');
  t.equal(await cluster.createImage(spec, PLAIN), 'created', 'the name is free');
});

t.test('a long trash is listed whole', async (t) => {
  const pool = await ceph.freshPool();
  const specs = Array.from({ length: 70 }, () => fresh('', pool));
  await Promise.all(
    specs.map(async (spec) => {
      await cluster.trashImage(spec, await create(spec, { features: ['layering'] }), new Date());
    }),
  );
  const names = (await cluster.listTrash({ pool, namespace: '' })).map(({ name }) => name);
  t.same(names.sort(), specs.map(({ image }) => image).sort());
});

t.test('capacity is what the pool can take, and its quota counts', async (t) => {
  const reported = async (wanted: (bytes: bigint) => boolean): Promise<bigint> => {
    for (;;) {
      const bytes = await cluster
        .capacity(ceph.pool)
        .then(({ availableBytes }) => availableBytes)
        .catch(() => undefined);
      if (bytes !== undefined && wanted(bytes)) return bytes;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const df = JSON.parse(await ceph.ceph('df', '--format', 'json'));
  const bytes = await reported((found) => found > 0n);
  t.ok(bytes <= BigInt(df.stats.total_bytes));
  await ceph.ceph('osd', 'pool', 'set-quota', ceph.pool, 'max_bytes', `${2 ** 30}`);
  t.ok((await reported((found) => found <= 1n << 30n)) > 1n << 29n);
  await ceph.ceph('osd', 'pool', 'set-quota', ceph.pool, 'max_bytes', '0');
});

t.test('pools for RBD are listed, others are not', async (t) => {
  const plain = `plain-${ceph.pool}`;
  await ceph.ceph('osd', 'pool', 'create', plain, '1');
  try {
    const pools = await cluster.listPools();
    t.ok(pools.includes(ceph.pool));
    t.notOk(pools.includes(plain));
    t.same(pools, [...pools].sort());
  } finally {
    await ceph.ceph('osd', 'pool', 'delete', plain, plain, '--yes-i-really-really-mean-it');
  }
});

t.test('a pool that was removed and made again is used at once', async (t) => {
  const pool = await ceph.freshPool();
  const spec = fresh('', pool);
  await create(spec);
  await ceph.ceph('osd', 'pool', 'delete', pool, pool, '--yes-i-really-really-mean-it');
  await t.rejects(cluster.readImage(spec), failure('unknown-pool'));
  await ceph.ceph('osd', 'pool', 'create', pool, '1');
  await ceph.rbd('pool', 'init', pool);
  t.equal(await cluster.readImage(spec), undefined);
  t.equal(await cluster.createImage(spec, PLAIN), 'created');
});

t.test('a name index whose pool is gone is no empty one', async (t) => {
  const pool = await ceph.freshPool();
  const indexed = openClusters([{ ...ceph.settings, pool }]);
  const index = indexed.get(ceph.name);
  t.equal(await index.names.swap('a', undefined, 'old'), 'swapped');
  t.equal((await index.names.list(undefined, 10)).length, 1);
  await ceph.ceph('osd', 'pool', 'delete', pool, pool, '--yes-i-really-really-mean-it');
  await t.rejects(index.names.list(undefined, 10), failure('unknown-pool'));
  await ceph.ceph('osd', 'pool', 'create', pool, '1');
  t.same(await index.names.list(undefined, 10), []);
  t.equal(await index.names.swap('b', undefined, 'new'), 'swapped');
  t.same(await index.names.list(undefined, 10), [{ key: 'b', value: 'new' }]);
  await indexed.close();
});

t.test('a wrong key, a malformed one and an unknown user are denied, the key unsaid', async (t) => {
  const wrong = `${ceph.key.slice(0, 20)}${ceph.key.slice(20).split('').reverse().join('')}`;
  const foreign = Buffer.from(ceph.key, 'base64');
  foreign.fill(7, 12);
  for (const [user, key] of [
    ['pannier', foreign.toString('base64')],
    ['pannier', wrong],
    ['pannier', 'geheim'],
    ['pannier', ''],
    ['niemand', ceph.key],
  ] as const) {
    const error: unknown = await clusters
      .get(ceph.name, { user, key })
      .names.read('a')
      .catch((caught: unknown) => caught);
    t.match(error, { kind: 'secrets-refused', message: new RegExp(`"client.${user}"`) });
    if (key !== '') t.notMatch(JSON.stringify([`${error}`, error]), key);
  }
  t.equal(await cluster.names.read('a'), undefined, 'the own connection goes on');
});

t.test('a request may bring credentials of its own', async (t) => {
  const credentials = { user: `client.${ceph.user}`, key: `${ceph.key}\n` };
  const own = await cluster.address();
  t.equal(await clusters.get(ceph.name, credentials).address(), own);
});

t.test('the key may be given, in a file, or in a key ring', async (t) => {
  const ring = ceph.keyFile.replace(/\.key$/, '.keyring');
  const { settings } = ceph;
  const ways = [
    { ...settings, name: 'given', key: ceph.key, keyFile: undefined },
    { ...settings, name: 'ring', keyFile: ring },
    { ...settings, name: 'conf', keyFile: undefined },
  ];
  const all = openClusters(ways);
  t.same(all.names, ['given', 'ring', 'conf']);
  for (const name of all.names) t.equal(await all.get(name).names.read('a'), undefined, name);
  await all.close();
});

t.test('an unknown cluster is told with a guess', async (t) => {
  t.equal(clusters.defaultPool('ceph'), ceph.pool);
  t.throws(() => clusters.get('cehp'), {
    kind: 'unknown-cluster',
    message: /did you mean "ceph"/i,
  });
  t.throws(() => clusters.defaultPool('x'), failure('unknown-cluster'));
});

t.test('many calls leave no file descriptor open', async (t) => {
  const spec = fresh();
  const id = await create(spec);
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const calls = [
    () => cluster.readImage(spec),
    () => cluster.watchers(spec),
    () => cluster.swapMetadata(spec, id, {}, { 'pannier.a': 'a' }),
    () => cluster.growImage(spec, 30_000_000n),
    () => cluster.listTrash(spec),
  ];
  for (const call of calls) await call();
  const before = descriptors();
  for (let round = 0; round < 40; round += 1) await Promise.all(calls.map((call) => call()));
  t.ok(descriptors() <= before + 4, `${before} before, ${descriptors()} after 200 calls`);
});

t.test('a closed cluster answers no more', async (t) => {
  const closed = openClusters([ceph.settings]);
  const kept = closed.get(ceph.name);
  t.equal(await kept.names.read('a'), undefined);
  const under = kept.names.read('a');
  await closed.close();
  t.equal(await under, undefined, 'what was under way has ended well');
  await t.rejects(kept.names.read('a'), { kind: 'cluster-unavailable', message: /stopping/ });
  await closed.close();
});
