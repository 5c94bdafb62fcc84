import t from 'tap';
import { startCeph } from './ceph.js';

const ceph = await startCeph();

t.test('a test file gets an empty pool that its user may write to', async (t) => {
  const { pool, user, keyFile, conf } = ceph;
  t.equal(await ceph.rbd('ls', pool), '');
  await ceph.rbd('--id', user, '--keyfile', keyFile, 'create', '--size', '1M', `${pool}/image`);
  t.equal(await ceph.rbd('ls', pool), 'image\n');
  t.match(ceph.settings, { name: 'ceph', conf, user, keyFile, pool });
});

t.test('a fresh pool has nothing of the other one', async (t) => {
  const pool = await ceph.freshPool();
  t.not(pool, ceph.pool);
  t.equal(await ceph.rbd('ls', pool), '');
});
