import { mock } from 'node:test';
import t from 'tap';
import { plainEffect } from '../../src/volume/effects.js';
import { startPurge } from '../../src/volume/purge.js';
import {
  DELETING_KEY,
  discardedRecord,
  formatRecord,
  RECORD_KEY,
} from '../../src/volume/record.js';
import type { Clusters } from '../../src/volume/store.js';
import { MemoryCeph, memoryClusters } from './memory-clusters.js';

const NAME = 'pannier-data-hjxla6iphgwipskphbll';
const PLACE = { pool: 'rbd', namespace: '' };
const RECORD = {
  version: 1,
  name: 'data',
  handle: `main/rbd/${NAME}`,
  claim: 'c1',
  sizeBytes: '1048576',
  layout: '',
} as const;
const LAYOUT = {
  sizeBytes: 1n << 20n,
  features: undefined,
  objectSize: undefined,
  stripeUnit: undefined,
  stripeCount: undefined,
  dataPool: undefined,
};

/** A Ceph whose trash holds one image of this name with this metadata. */
async function withTrash(metadata: Record<string, string>, image = NAME) {
  const ceph = new MemoryCeph();
  const clusters = memoryClusters(ceph, async () => {});
  const cluster = clusters.get('main');
  await cluster.createImage({ ...PLACE, image }, LAYOUT);
  const id = (await cluster.readImage({ ...PLACE, image }))?.id ?? '';
  await cluster.swapMetadata(PLACE, id, {}, metadata);
  await cluster.trashImage({ ...PLACE, image }, id);
  return { ceph, clusters, cluster, id };
}

async function scanOnce(clusters: Clusters): Promise<void> {
  const purge = startPurge({
    clusters,
    effect: plainEffect,
    onError: (error) => t.fail(`${error}`),
  });
  purge.scan();
  await settled();
  await purge.stop();
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

t.test(
  'what DeleteVolume put into the trash is purged, and what a creation threw away',
  async (t) => {
    for (const metadata of [
      { [RECORD_KEY]: formatRecord(RECORD), [DELETING_KEY]: 'c0ffee' },
      { [RECORD_KEY]: formatRecord(discardedRecord(RECORD)) },
    ]) {
      const { ceph, clusters } = await withTrash(metadata);
      await scanOnce(clusters);
      t.equal(ceph.trash.size, 0, Object.keys(metadata).join());
    }
  },
);

t.test("an operator's trash is the operator's", async (t) => {
  const formatted = formatRecord(RECORD);
  for (const [what, metadata] of [
    ['a volume that rbd put there, and nobody deleted', { [RECORD_KEY]: formatted }],
    ['an image of the same name without a record', {}],
    [
      'a copy of a volume from another pool',
      {
        [RECORD_KEY]: formatRecord({ ...RECORD, handle: `main/fast/${NAME}` }),
        [DELETING_KEY]: 'c0ffee',
      },
    ],
  ] as const) {
    const { ceph, clusters } = await withTrash(metadata);
    await scanOnce(clusters);
    t.equal(ceph.trash.size, 1, what);
  }
});

t.test(
  'an image that cannot be freed yet is tried at one pace, however often it is found',
  async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] });
    t.teardown(() => mock.timers.reset());
    const deleted = { [RECORD_KEY]: formatRecord(RECORD), [DELETING_KEY]: 'c0ffee' };
    const { clusters, cluster } = await withTrash(deleted);
    let tries = 0;
    const busy = {
      ...cluster,
      purgeTrashed: async () => {
        tries += 1;
        return 'busy' as const;
      },
    };
    const purge = startPurge({
      clusters: { ...clusters, get: () => busy },
      effect: plainEffect,
      onError: (error) => t.fail(`${error}`),
    });
    purge.scan();
    await settled();
    const triesOfAnHour = async () => {
      const before = tries;
      for (let s = 0; s < 3600; s += 30) {
        mock.timers.tick(30_000);
        await settled();
      }
      return tries - before;
    };
    const first = await triesOfAnHour();
    t.equal(await triesOfAnHour(), first);
    await purge.stop();
  },
);

t.test('stopping does not wait for an image that takes long', async (t) => {
  const { clusters, cluster, id } = await withTrash({});
  const slow = { ...cluster, purgeTrashed: () => new Promise<never>(() => {}) };
  const purge = startPurge({ clusters, effect: plainEffect, onError: () => {} });
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  purge.add(slow, PLACE, id);
  const stopped = purge.stop();
  mock.timers.tick(5_000);
  await stopped;
  t.pass('it ended');
});
