import t from 'tap';
import { openClusters } from '../../src/rbd/clusters.js';
import { Gate } from '../../src/rbd/gate.js';
import { VolumeError } from '../../src/volume/errors.js';
import { startCeph } from '../lab/ceph.js';

const ceph = await startCeph();
const { settings } = ceph;

function kindOf(error: unknown): string {
  return error instanceof VolumeError ? error.kind : `${error}`;
}

t.test('clusters are added, changed and removed while they are used', async (t) => {
  const clusters = openClusters([settings]);
  t.teardown(() => clusters.close());
  const held = clusters.get(settings.name);
  await held.names.swap('a', undefined, 'x');

  clusters.follow([settings, { ...settings, name: 'other' }]);
  t.same(clusters.names, [settings.name, 'other']);
  t.equal(await clusters.get('other').names.read('a'), 'x');

  const pool = await ceph.freshPool();
  clusters.follow([
    { ...settings, name: 'other' },
    { ...settings, pool },
  ]);
  t.same(clusters.names, ['other', settings.name], 'the first is the default');
  t.equal(clusters.defaultPool(settings.name), pool);
  t.equal(await clusters.get(settings.name).names.read('a'), undefined, 'in the new pool');
  t.equal(await held.names.read('a'), 'x', 'what began in the old pool goes on there');

  const other = clusters.get('other');
  clusters.follow([settings]);
  t.throws(() => clusters.get('other'), { message: 'cluster "other" is not configured' });
  t.equal(await other.names.read('a'), 'x', 'what began with a cluster goes on with it');
  t.equal(await clusters.get(settings.name).names.read('a'), 'x');
});

t.test('another way to a cluster is used with the next call', async (t) => {
  const clusters = openClusters([{ ...settings, keyFile: undefined, key: 'AAAA' }]);
  t.teardown(() => clusters.close());
  const cluster = clusters.get(settings.name);
  t.equal(await cluster.names.read('b').catch(kindOf), 'cluster-denied');
  t.equal(clusters.succeeded(settings.name), undefined);
  const before = Date.now();
  clusters.follow([settings]);
  t.equal(await cluster.names.read('b'), undefined, 'by those who have the cluster already, too');
  t.ok((clusters.succeeded(settings.name)?.getTime() ?? 0) >= before);
  clusters.follow([{ ...settings, keyFile: undefined, key: 'AAAA' }]);
  t.equal(await cluster.names.read('b').catch(kindOf), 'cluster-denied');
});

t.test('monitors are asked for whenever a connection is made', async (t) => {
  let monitors: readonly string[] = [];
  const asked: string[] = [];
  const found = { ...settings, conf: undefined, monitorsService: 'ceph-mon' };
  const clusters = openClusters([found], async (cluster) => {
    asked.push(cluster.monitorsService ?? '');
    if (monitors.length > 0) return { ...cluster, monitors };
    throw new VolumeError('cluster-unavailable', { cluster: cluster.name, problem: 'none known' });
  });
  t.teardown(() => clusters.close());
  const cluster = clusters.get(settings.name);
  t.match(await cluster.names.read('c').catch((error) => error.message), /none known/);
  monitors = ceph.monitors;
  t.equal(await cluster.names.read('c'), undefined);
  t.equal(await cluster.names.read('c'), undefined);
  t.equal(asked.length, 2, 'not for every call');
  clusters.reconnect(settings.name);
  t.equal(await cluster.names.read('c'), undefined);
  t.same(asked, ['ceph-mon', 'ceph-mon', 'ceph-mon']);
  const { user, key } = ceph;
  t.equal(await clusters.get(settings.name, { user, key }).names.read('c'), undefined);
  t.equal(asked.length, 4, "for a request's own user too");
});

t.test(
  'a gate that is made wider lets in who waits, and a narrower one lets out first',
  async (t) => {
    const gate = new Gate(1, 60_000, () => new Error('late'));
    const running = new Set<number>();
    const ends: Array<() => void> = [];
    const task = (id: number) =>
      gate.run(() => {
        running.add(id);
        return new Promise<void>((resolve) => {
          ends[id] = () => {
            running.delete(id);
            resolve();
          };
        });
      });
    const end = async (id: number) => {
      ends[id]?.();
      await new Promise(setImmediate);
    };
    const tasks = [0, 1, 2, 3, 4].map(task);
    await new Promise(setImmediate);
    t.same([...running], [0]);
    gate.resize(3);
    await new Promise(setImmediate);
    t.same([...running], [0, 1, 2]);
    gate.resize(1);
    await end(0);
    await end(1);
    t.same([...running], [2], 'none comes for those that were too many');
    await end(2);
    t.same([...running], [3]);
    await end(3);
    await end(4);
    await Promise.all(tasks);
    t.same([...running], []);
  },
);
