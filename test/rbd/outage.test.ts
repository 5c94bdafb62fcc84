import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import t from 'tap';
import { openClusters } from '../../src/rbd/clusters.js';
import { VolumeError } from '../../src/volume/errors.js';
import type { ImageLayout } from '../../src/volume/store.js';
import { startCeph } from '../lab/ceph.js';

const PLAIN: ImageLayout = {
  sizeBytes: 1n << 26n,
  features: undefined,
  objectSize: undefined,
  stripeUnit: undefined,
  stripeCount: undefined,
  dataPool: undefined,
};

const ceph = await startCeph({ own: true });

/** A port that takes connections and never answers, as a monitor that hangs does. */
const silent = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => silent.once('listening', resolve));
const address = silent.address();
if (address === null || typeof address === 'string') throw new Error('no port');
const sockets = new Set<{ destroy(): void }>();
silent.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));

const dead = {
  ...ceph.settings,
  name: 'dead',
  conf: undefined,
  monitors: [`127.0.0.1:${address.port}`],
};
const clusters = openClusters([ceph.settings, dead]);
const cluster = clusters.get(ceph.name);
t.teardown(async () => {
  await clusters.close();
  for (const socket of sockets) socket.destroy();
  silent.close();
});

function kindOf(error: unknown): string {
  return error instanceof VolumeError ? error.kind : `${error}`;
}

t.test('a monitor that does not answer fails its own calls and stalls nothing else', async (t) => {
  let ended = 0;
  const calls = Array.from({ length: 20 }, () =>
    clusters
      .get('dead')
      .names.read('a')
      .catch(kindOf)
      .finally(() => {
        ended += 1;
      }),
  );
  for (let round = 0; round < 50; round += 1) {
    t.equal(await cluster.names.read('a'), undefined);
    t.ok((await stat('/')).isDirectory());
  }
  t.equal(ended, 0, 'all of that while the dead one was waited for');
  t.same(await Promise.all(calls), Array(20).fill('cluster-unavailable'));
});

t.test('a call to a stopped OSD has an end, and the next works when it is back', async (t) => {
  await ceph.stopOsd();
  t.equal(await cluster.names.swap('a', undefined, 'x').catch(kindOf), 'cluster-unavailable');
  await ceph.startOsd();
  for (;;) {
    const value = await cluster.names.read('b').catch(kindOf);
    if (value !== 'cluster-unavailable') {
      t.equal(value, undefined);
      break;
    }
  }
});

t.test('a client that was shut out connects anew', async (t) => {
  const spec = { pool: ceph.pool, namespace: '', image: 'fenced' };
  t.equal(await cluster.createImage(spec, PLAIN), 'created');
  await ceph.ceph('osd', 'blocklist', 'add', await cluster.address());
  // The client learns of it with the next map.
  for (;;) {
    const answer = await cluster.readImage(spec).catch(kindOf);
    if (answer === 'cluster-unavailable') break;
  }
  await ceph.ceph('osd', 'blocklist', 'rm', await blocked());
  const image = await cluster.readImage(spec);
  t.equal(image?.sizeBytes, PLAIN.sizeBytes);
});

async function blocked(): Promise<string> {
  const listed = await ceph.ceph('osd', 'blocklist', 'ls', '--format', 'json');
  const entries = JSON.parse(/\[.*?\]/s.exec(listed)?.[0] ?? '[]');
  return entries[0].addr.replace(/\/0$/, '');
}

t.test('a full pool says so, and what is deleted there frees it', async (t) => {
  const pool = await ceph.freshPool();
  const spec = { pool, namespace: '', image: 'fills' };
  t.equal(await cluster.createImage(spec, PLAIN), 'created');
  const id = (await cluster.readImage(spec))?.id ?? '';
  await ceph.rbd(
    ...['bench', '--io-type', 'write', '--io-size', '4M', '--io-threads', '1'],
    ...['--io-total', '32M', `${pool}/fills`],
  );
  await ceph.ceph('osd', 'pool', 'set-quota', pool, 'max_bytes', `${4 << 20}`);
  while (!(await ceph.ceph('health', 'detail')).includes('POOL_FULL'))
    await new Promise((resolve) => setTimeout(resolve, 200));
  const more = { ...spec, image: 'more' };
  t.equal(await cluster.createImage(more, PLAIN).catch(kindOf), 'cluster-full');
  t.equal(await cluster.readImage(more), undefined, 'nothing is half made');
  t.same(await cluster.capacity(pool), { availableBytes: 0n });
  t.equal(await cluster.swapMetadata(spec, id, {}, { 'pannier.a': 'x' }), 'swapped');
  t.equal(await cluster.trashImage(spec, id, new Date()), 'trashed');
  t.same(
    (await cluster.listTrash(spec)).map((entry) => entry.id),
    [id],
  );
  t.equal(await cluster.purgeTrashed(spec, id, undefined), 'removed');
  t.same(await cluster.listTrash(spec), []);
});

t.test('an image that a full pool cannot put away is not said to be gone', async (t) => {
  const pool = await ceph.freshPool();
  const spec = { pool, namespace: '', image: 'stays' };
  await ceph.rbd('create', '--size', '64M', `${pool}/stays`);
  const id = (await cluster.readImage(spec))?.id ?? '';
  await ceph.ceph('osd', 'pool', 'set-quota', pool, 'max_objects', '1');
  while (!(await ceph.ceph('health', 'detail')).includes(`'${pool}'`))
    await new Promise((resolve) => setTimeout(resolve, 200));
  t.equal(await cluster.trashImage(spec, id, new Date()).catch(kindOf), 'cluster-full');
  await ceph.ceph('osd', 'pool', 'set-quota', pool, 'max_objects', '0');
  for (;;) {
    const outcome = await cluster.trashImage(spec, id, new Date()).catch(kindOf);
    if (outcome === 'cluster-full') continue;
    t.equal(outcome, 'trashed');
    break;
  }
  t.equal(await cluster.trashImage(spec, id, new Date()), 'gone');
});
