import t from 'tap';
import { getCapacity } from '../../src/volume/capacity.js';
import type { Controller } from '../../src/volume/controller.js';
import { createVolume } from '../../src/volume/create/create.js';
import { deleteVolume } from '../../src/volume/delete/delete.js';
import { expandVolume } from '../../src/volume/expand.js';
import type { Cluster } from '../../src/volume/store.js';
import { controllerOf } from './controllers.js';
import { handleOf, look, NOTHING, workOff } from './doctor/rig.js';
import { MemoryCeph } from './memory-ceph.js';
import { memoryClusters } from './memory-clusters.js';

const GIB = 1n << 30n;

interface Wishes {
  readonly host?: string;
  readonly quota?: bigint;
  readonly change?: Partial<Cluster>;
}

function open(ceph: MemoryCeph, { host, quota, change }: Wishes = {}): Controller {
  const plain = memoryClusters(ceph, async () => {});
  const cluster = { ...plain.get('main'), ...change };
  const quotaOf = (_: string, pool: string) => (pool === 'rbd' ? quota : undefined);
  return controllerOf({ ...plain, get: () => cluster, quota: quotaOf }, { host });
}

function create(controller: Controller, name: string, sizeBytes = GIB, pool = 'rbd') {
  return createVolume(controller, {
    name,
    range: { requiredBytes: sizeBytes, limitBytes: sizeBytes },
    capabilities: [],
    parameters: { pool },
    source: undefined,
    credentials: undefined,
  });
}

function capacity(controller: Controller, parameters: Record<string, string> = {}) {
  return getCapacity(controller, { parameters, capabilities: [] });
}

t.test('without a quota it is what the pool can take, in whole MiB', async (t) => {
  const available = 5n * GIB + 123_456n;
  const change = { capacity: async () => ({ availableBytes: available }) };
  t.equal(await capacity(open(new MemoryCeph(), { change })), 5n * GIB);
});

t.test('a quota less what volumes were promised, however little was written', async (t) => {
  const ceph = new MemoryCeph();
  const controller = open(ceph, { quota: 10n * GIB + 5n });
  t.equal(await capacity(controller), 10n * GIB);
  await create(controller, 'one', 3n * GIB + 1n);
  t.equal(await capacity(controller), 7n * GIB, 'in whole MiB');
  t.equal(await capacity(controller, { pool: 'fast' }), 1n << 40n, 'another pool has none');
  await create(controller, 'elsewhere', GIB, 'fast');
  t.equal(await capacity(controller), 7n * GIB, 'another pool does not count');
  await expandVolume(
    controller,
    handleOf('one'),
    { requiredBytes: 4n * GIB, limitBytes: 0n },
    undefined,
  );
  t.equal(await capacity(controller), 6n * GIB, 'a volume counts as large as it is');
  await deleteVolume(controller, handleOf('one'), undefined);
  t.equal(await capacity(controller), 10n * GIB, 'a deleted one does not');
});

t.test('a quota that is smaller than what is there leaves nothing, and not less', async (t) => {
  const ceph = new MemoryCeph();
  await create(open(ceph), 'one', 8n * GIB);
  t.equal(await capacity(open(ceph, { quota: 5n * GIB })), 0n);
  t.equal(await capacity(open(ceph, { quota: 0n })), 0n);
});

t.test('a pool that has less room than the quota leaves tells that', async (t) => {
  const change = { capacity: async () => ({ availableBytes: 2n * GIB }) };
  t.equal(await capacity(open(new MemoryCeph(), { quota: 5n * GIB, change })), 2n * GIB);
});

t.test('growing over the quota is RESOURCE_EXHAUSTED, and up to it is not', async (t) => {
  const controller = open(new MemoryCeph(), { quota: 3n * GIB });
  await create(controller, 'one');
  await create(controller, 'two');
  const grow = (requiredBytes: bigint) =>
    expandVolume(controller, handleOf('one'), { requiredBytes, limitBytes: 0n }, undefined);
  await t.rejects(grow(2n * GIB + 1n), { code: 'RESOURCE_EXHAUSTED', kind: 'quota-used-up' });
  t.equal(await capacity(controller), GIB, 'nothing grew');
  t.equal(await grow(2n * GIB), 2n * GIB);
  t.equal(await grow(2n * GIB), 2n * GIB, 'again');
});

t.test("a host's quota is for its own volumes, and a begun one counts", async (t) => {
  const ceph = new MemoryCeph();
  const [a, b] = ['a', 'b'].map((host) => open(ceph, { host, quota: 5n * GIB }));
  await create(a as Controller, 'one', 2n * GIB);
  t.equal(await capacity(a as Controller), 3n * GIB);
  t.equal(await capacity(b as Controller), 5n * GIB);
  t.equal(await capacity(open(ceph, { quota: 5n * GIB })), 3n * GIB, 'who keeps none apart');
  const change = { createImage: () => new Promise<never>(() => {}) };
  void create(open(ceph, { host: 'b', change }), 'begun', GIB);
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.equal(await capacity(b as Controller), 4n * GIB);
});

t.test('a creation over the quota is RESOURCE_EXHAUSTED, and leaves nothing', async (t) => {
  const ceph = new MemoryCeph();
  const controller = open(ceph, { quota: 3n * GIB });
  await create(controller, 'one', 2n * GIB);
  await t.rejects(create(controller, 'two', 2n * GIB), {
    code: 'RESOURCE_EXHAUSTED',
    message: /the quota of pool "rbd" in cluster "main" is 3221225472 bytes/,
  });
  t.match(await create(controller, 'one', 2n * GIB), { name: 'one' }, 'what is there is answered');
  await create(controller, 'two', GIB);
  t.equal(await capacity(controller), 0n);
  for (const name of ['one', 'two']) await deleteVolume(controller, handleOf(name), undefined);
  await workOff(ceph);
  t.same(ceph.leaks(), NOTHING);
  t.same(await look(ceph), []);
});

t.test('of creations at once no more succeed than there is room for', async (t) => {
  const ceph = new MemoryCeph();
  const controller = open(ceph, { quota: 3n * GIB });
  const all = await Promise.allSettled(
    ['a', 'b', 'c', 'd', 'e'].map((name) => create(controller, name)),
  );
  const made = all.filter(({ status }) => status === 'fulfilled').length;
  t.ok(made <= 3, `${made}`);
  t.equal(await capacity(controller), (3n - BigInt(made)) * GIB);
});

t.test('what can make no volume is a mistake', async (t) => {
  const controller = open(new MemoryCeph());
  const mistake = { code: 'INVALID_ARGUMENT' };
  await t.rejects(capacity(controller, { poool: 'rbd' }), mistake);
  await t.rejects(capacity(controller, { cluster: 'other' }), mistake);
  await t.rejects(capacity(controller, { namespace: 'nope' }), mistake);
  await t.rejects(
    getCapacity(controller, {
      parameters: {},
      capabilities: [
        {
          access: { kind: 'mount', fsType: 'ntfs', mountFlags: [] },
          mode: 'SINGLE_NODE_WRITER',
        },
      ],
    }),
    mistake,
  );
  t.equal(await capacity(controller), 1n << 40n);
});
