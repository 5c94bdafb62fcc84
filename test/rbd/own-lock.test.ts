import t from 'tap';
import { accessOf } from '../../src/rbd/access.js';
import { clusterOf } from '../../src/rbd/cluster.js';
import { Connection } from '../../src/rbd/connection.js';
import { encodeStruct, encodeText } from '../../src/rbd/encoding.js';
import { Gate } from '../../src/rbd/gate.js';
import { headerOf } from '../../src/rbd/header.js';
import { EXCLUSIVE, RBD_LOCK } from '../../src/rbd/lock.js';
import { exec, write } from '../../src/rbd/operations.js';
import { startCeph } from '../lab/ceph.js';

const LAYOUT = {
  sizeBytes: 10_000_000n,
  features: undefined,
  objectSize: undefined,
  stripeUnit: undefined,
  stripeCount: undefined,
  dataPool: undefined,
};
const WIDTH = 4;
const WAIT_MS = 20_000;

const ceph = await startCeph();
const gate = new Gate(WIDTH, WAIT_MS, () => new Error('too late'));
const connection = new Connection(accessOf(ceph.settings), gate, gate);
t.teardown(() => connection.close());
const cluster = clusterOf(connection, ceph.pool);

const place = { pool: ceph.pool, namespace: '' };

/** Leaves what librbd leaves where an OSD did not answer while this client closed an image: its lock, of no watch. */
function leaveLock(imageId: string): Promise<void> {
  const body = Buffer.concat([
    encodeText(RBD_LOCK),
    Buffer.from([EXCLUSIVE]),
    ...['auto 4242', 'internal', ''].map(encodeText),
    // For as long as nobody takes it, and with no flag.
    Buffer.alloc(8 + 1),
  ]);
  const steps = [exec('lock', 'lock', encodeStruct(1, 1, body))];
  return connection.inPool(place, (io) => write(io, headerOf(imageId), 'leave a lock', steps));
}

async function create(image: string): Promise<string> {
  const spec = { ...place, image };
  await cluster.createImage(spec, LAYOUT);
  return (await cluster.readImage(spec))?.id ?? '';
}

const source = await create('source');
for (const name of ['daily', 'weekly']) await cluster.takeSnapshot(place, source, name);
const clone = { ...place, image: 'clone' };
await cluster.cloneImage({ ...place, imageId: source, snapshot: 'daily' }, clone, LAYOUT);
const { id: cloned = '', parent } = (await cluster.readImage(clone)) ?? {};

const CALLS: Readonly<Record<string, [string, () => Promise<string>, string]>> = {
  'takes a snapshot': [source, () => cluster.takeSnapshot(place, source, 'hourly'), 'taken'],
  'removes a snapshot': [source, () => cluster.removeSnapshot(place, source, 'weekly'), 'removed'],
  grows: [
    source,
    () => cluster.growImage({ ...place, image: 'source' }, 2n * LAYOUT.sizeBytes),
    'grown',
  ],
  flattens: [
    cloned,
    () => cluster.flattenImage(place, cloned, parent, () => undefined),
    'flattened',
  ],
};

for (const [what, [imageId, call, answer]] of Object.entries(CALLS))
  t.test(`a client that left the lock of an image behind connects anew, and ${what}`, async (t) => {
    await leaveLock(imageId);
    await t.rejects(call(), { kind: 'cluster-unavailable', message: /left by this client/ });
    t.equal(await call(), answer, 'and has it then');
  });
