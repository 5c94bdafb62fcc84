import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { ClusterSettings } from '../../src/config/settings.js';
import { openClusters } from '../../src/rbd/clusters.js';
import type { Credentials } from '../../src/volume/store.js';
import { startCeph } from '../lab/ceph.js';

t.test('what a kernel needs to connect is told wherever the key is', async (t) => {
  const ceph = await startCeph();
  const accessBy = async (settings: Partial<ClusterSettings>, credentials?: Credentials) => {
    const clusters = openClusters([{ ...ceph.settings, ...settings }]);
    t.teardown(() => clusters.close());
    return clusters.get(ceph.name, credentials).kernelAccess();
  };
  const [monitor = ''] = ceph.monitors;
  const [host = '', port] = monitor.split(':');
  const expected = {
    fsid: (await ceph.ceph('fsid')).trim(),
    user: ceph.user,
    key: ceph.key,
    // The two protocols have ports that follow each other.
    monitors: [{ v2: monitor, v1: `${host}:${Number(port) + 1}` }],
  };
  const none = { key: undefined, keyFile: undefined };
  t.same(await accessBy({}), expected, 'in a file of its own');
  t.same(await accessBy({ ...none, key: ceph.key }), expected, 'in the configuration');
  t.same(await accessBy(none), expected, 'in the key ring that the ceph.conf names');
  const keyRing = join(t.testdir(), 'keyring');
  const admin = (await ceph.ceph('auth', 'get-key', 'client.admin')).trim();
  const entry = (user: string, key: string) => `[client.${user}]\n\tkey = ${key}\n`;
  writeFileSync(keyRing, entry('admin', admin) + entry(ceph.user, ceph.key));
  t.same(await accessBy({ ...none, keyFile: keyRing }), expected, 'in a key ring');
  t.same(
    await accessBy({}, { user: 'admin', key: admin }),
    { ...expected, user: 'admin', key: admin },
    "in a request's secrets",
  );
  const given = await accessBy({ conf: undefined, monitors: [monitor] });
  t.same(given, expected, 'with monitors in place of a ceph.conf');
});
