import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import t, { type Test } from 'tap';
import { MOST_PARENTS } from '../../../src/volume/work/depth.js';
import { atOnce } from '../../lab/at-once.js';
import { type LabCeph, startCeph } from '../../lab/ceph.js';
import { Contents, PATTERN_BYTES } from '../../lab/content.js';
import { NOTHING, whatIsLeft } from '../../lab/nothing-left.js';
import { codeOf, type LabPlugin, startPlugin } from '../../lab/plugin.js';
import { create, fromSnapshot, fromVolume, remove, snap, unsnap } from './calls.js';
import type { EffectsIn } from './files.js';

/** A lock of a controller that died runs out after 10 s; what waits for that does so beside others. */
const JOBS = 8;
const TAKE_OVER_MS = 60_000;
/** Ceph takes 30 s to see that a client which had an image open is gone, and what was busy is tried every 30 s. */
const FLATTEN_MS = 150_000;
/** How long the first one may live on until it has the effect. */
const DEATH_MS = 120_000;

/** Where one life happens: a pool of its own, of which one controller does the background work. */
interface Place {
  readonly ceph: LabCeph;
  readonly contents: Contents;
  /** The sha256 of what a volume held. */
  held: string;
}

/** What a controller is asked for until the background work kills it, and what is looked at afterwards. */
interface Life {
  readonly make: (plugin: LabPlugin, place: Place) => Promise<unknown>;
  /** By the controller that took over; it takes away all that there is. */
  readonly check?: (t: Test, plugin: LabPlugin, place: Place) => Promise<unknown>;
}

const idle: Life = { make: async () => {} };

const deletion: Life = {
  async make(plugin) {
    await remove(plugin, await create(plugin, 'volume'));
  },
};

/** A snapshot goes, and a clone of it goes on. */
const unsnapshot: Life = {
  async make(plugin, { contents }) {
    const source = await create(plugin, 'source');
    await contents.write(source, 'source');
    const snapshot = await snap(plugin, 'snapshot', source);
    await create(plugin, 'clone', { source: fromSnapshot(snapshot) });
    await unsnap(plugin, snapshot);
  },
  async check(t, plugin, { contents }) {
    const { entries } = await plugin.controller.listVolumes({});
    t.equal(entries.length, 2);
    for (const { volume } of entries) {
      const volumeId = volume?.volumeId ?? '';
      t.equal(await contents.hashOf(volumeId), contents.expected(PATTERN_BYTES, 'source'));
      await remove(plugin, volumeId);
    }
  },
};

/** A tombstone that its last snapshot lets go. */
const tombstone: Life = {
  async make(plugin) {
    const source = await create(plugin, 'source');
    const snapshot = await snap(plugin, 'snapshot', source);
    await remove(plugin, source);
    await unsnap(plugin, snapshot);
  },
};

/** Copying many objects one after the other takes long enough to tell of the progress. */
const SLOW = { objectSize: '16384' };
const SLOW_BYTES = 16n << 20n;
const AT_ONCE = ['rbd_concurrent_management_ops', '1'];

/** One clone too many, one behind the other. */
function chain(parameters: Record<string, string>, sizeBytes: bigint, fill: Fill): Life {
  const names = Array.from({ length: MOST_PARENTS + 2 }, (_, n) => `generation-${n}`);
  const wishes = { parameters, sizeBytes };
  return {
    async make(plugin, place) {
      let volumeId = await create(plugin, names[0] ?? '', wishes);
      await fill(place, volumeId);
      place.held = await place.contents.hashOf(volumeId);
      for (const name of names.slice(1))
        volumeId = await create(plugin, name, { ...wishes, source: fromVolume(volumeId) });
    },
    async check(t, plugin, { ceph, contents, held }) {
      const { entries } = await plugin.controller.listVolumes({});
      t.equal(entries.length, names.length);
      const last = entries.find(({ volume }) => volume?.volumeId.includes(names.at(-1) ?? ''));
      const volumeId = last?.volume?.volumeId ?? '';
      const limit = Date.now() + FLATTEN_MS;
      const state = async () => {
        const info = await ceph.rbd('info', '--format=json', contents.specOf(volumeId));
        const { parent, flags } = JSON.parse(info) as { parent?: unknown; flags: string[] };
        return { parent, flags };
      };
      const flat = { parent: undefined, flags: [] };
      while (!isDeepStrictEqual(await state(), flat) && Date.now() < limit) await sleep(100);
      t.same(await state(), flat, 'it is flat, and its object map is to be trusted');
      for (const { volume } of entries)
        if (volume?.volumeId !== volumeId) await remove(plugin, volume?.volumeId ?? '');
      t.equal(await contents.hashOf(volumeId), held, 'it holds what the first one held');
      await remove(plugin, volumeId);
    },
  };
}

type Fill = (place: Place, volumeId: string) => Promise<unknown>;

const withPattern: Fill = ({ contents }, volumeId) => contents.write(volumeId, 'chain');

/** Every object of it, in a pool where librbd copies one at a time. */
const wholly: Fill = async ({ ceph, contents }, volumeId) => {
  await ceph.rbd('config', 'pool', 'set', ceph.pool, ...AT_ONCE);
  const write = ['--io-type=write', '--io-size=16K', `--io-total=${SLOW_BYTES}`];
  await ceph.rbd('bench', ...write, contents.specOf(volumeId));
};

/** Lives in which the controller that does the background work has each effect. */
const LIVES: Readonly<Record<EffectsIn<'work'>, readonly [Life, ...Life[]]>> = {
  'work/take-lock': [idle],
  'work/remove-snapshot': [unsnapshot, tombstone],
  'work/trash-image': [tombstone],
  'work/begin-purge': [deletion, tombstone],
  'work/purge-image': [deletion, tombstone],
  'work/tell-progress': [chain(SLOW, SLOW_BYTES, wholly)],
  'work/flatten-image': [chain({}, PATTERN_BYTES, withPattern)],
  'work/drop-task': [deletion, unsnapshot],
  'work/release-lock': [idle],
};

async function live(
  t: Test,
  title: string,
  place: Place,
  effect: keyof typeof LIVES,
  life: Life,
  which: 'restarted' | 'another',
): Promise<void> {
  const { ceph } = place;
  const start = { clusters: [ceph.settings], mode: 'controller' } as const;
  const victim = await startPlugin({
    ...start,
    crashAfter: effect,
    diesAtStart: effect === 'work/take-lock',
  });
  let another: LabPlugin | undefined;
  if (effect !== 'work/take-lock') {
    await victim.worksInBackground();
    if (which === 'another') another = await startPlugin(start);
    const made = await codeOf(life.make(victim, place));
    if (effect === 'work/release-lock') void victim.stop();
    // The background may kill it before its last answer is out.
    t.ok(made === 'OK' || made === 'UNAVAILABLE', `${title}: all was answered: ${made}`);
  }
  const ended = await Promise.race([victim.ended, sleep(DEATH_MS, 'alive', { ref: false })]);
  t.equal(ended, 'SIGKILL', title);
  const next = another ?? (await startPlugin({ ...start, folder: victim.folder }));
  await next.worksInBackground(TAKE_OVER_MS);
  await life.check?.(t, next, place);
  t.same(await whatIsLeft(ceph, next.folder), NOTHING, `${title}: nothing is left`);
  t.same((await next.admin.examine({})).findings, [], title);
  t.equal(await next.stop(), 0, title);
}

t.test('kill -9 after any effect of the background work: another one finishes it', async (t) => {
  const shared = await startCeph();
  const entries = Object.entries(LIVES) as Array<[keyof typeof LIVES, readonly Life[]]>;
  const points = entries.flatMap(([effect, lives]) =>
    lives.flatMap((life, n) =>
      (['restarted', 'another'] as const).map((which) => ({ effect, life, n, which })),
    ),
  );
  await atOnce(JOBS, points, async ({ effect, life, n, which }) => {
    const title = `${effect} in life ${n}, then ${which}`;
    try {
      const ceph = await shared.inFreshPool();
      const place = { ceph, contents: new Contents(ceph), held: '' };
      await live(t, title, place, effect, life, which);
    } catch (error) {
      t.fail(title, { cause: String(error) });
    }
  });
});
