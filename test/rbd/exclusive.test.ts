import t from 'tap';
import { accessOf } from '../../src/rbd/access.js';
import { openClusters } from '../../src/rbd/clusters.js';
import { headerOf } from '../../src/rbd/header.js';
import { lock, lockers, RBD_LOCK, unlock, whileWorking } from '../../src/rbd/lock.js';
import { Session } from '../../src/rbd/session.js';
import { bare } from '../../src/rbd/watchers.js';
import { startCeph } from '../lab/ceph.js';

const COOKIE = 'of a test';
const SECONDS = 60;

const LAYOUT = {
  sizeBytes: 10_000_000n,
  features: undefined,
  objectSize: undefined,
  stripeUnit: undefined,
  stripeCount: undefined,
  dataPool: undefined,
};

const ceph = await startCeph();
const clusters = openClusters([ceph.settings]);
t.teardown(() => clusters.close());
const cluster = clusters.get(ceph.name);
const spec = { pool: ceph.pool, namespace: '', image: 'held' };
await cluster.createImage(spec, LAYOUT);
const imageId = (await cluster.readImage(spec))?.id ?? '';
const session = await Session.connect(accessOf(ceph.settings));
t.teardown(() => session.shutdown());

/** Does `work` while another client holds librbd's lock of the image and hears no request to hand it over. */
function whileHeld(work: (address: string) => Promise<void>): Promise<void> {
  return session.inPool(ceph.pool, '', async (io) => {
    const header = headerOf(imageId);
    t.ok(await lock(io, header, RBD_LOCK, COOKIE, SECONDS));
    const [address = ''] = await lockers(io, header, RBD_LOCK);
    await work(address);
    await unlock(io, header, RBD_LOCK, COOKIE);
  });
}

t.test('an image that a client has for itself is in use, and the client is named', (t) =>
  whileHeld(async (address) => {
    const inUse = { message: new RegExp(`client ${bare(address)}, which has it for itself`) };
    await t.rejects(cluster.takeSnapshot(spec, imageId, 'daily'), inUse);
    await t.rejects(cluster.growImage(spec, 20_000_000n), inUse);
  }),
);

t.test('one whose lock a controller keeps that works on it is busy for a while', (t) =>
  whileHeld(async () => {
    const work = () =>
      session.inPool(ceph.pool, '', (io) =>
        whileWorking(io, headerOf(imageId), async () => {
          const later = { message: /does not answer: .*timed out/ };
          await t.rejects(cluster.takeSnapshot(spec, imageId, 'daily'), later);
          await t.rejects(cluster.growImage(spec, 20_000_000n), later);
        }),
      );
    await work();
  }),
);

t.test('afterwards it can be had', async (t) => {
  t.equal(await cluster.takeSnapshot(spec, imageId, 'daily'), 'taken');
  t.equal(await cluster.growImage(spec, 20_000_000n), 'grown');
});
