import { mock } from 'node:test';
import t from 'tap';
import { freeDeleted } from '../../src/volume/delete/free.js';
import { plainEffect } from '../../src/volume/effects.js';
import { DELETING_KEY } from '../../src/volume/marks.js';
import type { Cluster } from '../../src/volume/store.js';
import { parseTask, taskOf } from '../../src/volume/work/tasks.js';
import { startWork, type Work } from '../../src/volume/work/worker.js';
import { MemoryCeph } from './memory-ceph.js';
import { memoryClusters } from './memory-clusters.js';
import {
  create,
  handleOf,
  imageOf,
  make,
  ofSnapshot,
  pathIn,
  remove,
  snap,
  unsnap,
} from './races/calls.js';
import { controllerOn, immediate } from './races/schedule.js';

const DAY = 86_400_000;

t.beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.parse('2026-01-02T03:04:05Z') });
});
t.afterEach(() => mock.timers.reset());

interface Options {
  readonly id?: string;
  readonly errors?: unknown[];
  /** What differs from the memory's own cluster. */
  readonly change?: (cluster: Cluster) => Partial<Cluster>;
}

/** The work of a controller of its own. */
function workOn(ceph: MemoryCeph, { id = 'worker', errors, change }: Options = {}): Work {
  const plain = memoryClusters(ceph, immediate);
  const cluster = { ...plain.get('main'), ...change?.(plain.get('main')) };
  return startWork({
    ...{ id, clusters: { ...plain, get: () => cluster }, effect: plainEffect },
    onError: (error) => (errors === undefined ? t.fail(`${error}`) : errors.push(error)),
  });
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets so many seconds pass, in steps in which timers come up. */
async function pass(seconds: number, step = 5): Promise<void> {
  for (let s = 0; s < seconds; s += step) {
    mock.timers.tick(step * 1000);
    await settled();
  }
}

async function scanOnce(ceph: MemoryCeph, options?: Options): Promise<void> {
  const work = workOn(ceph, options);
  work.scan();
  await settled();
  await work.stop();
}

/** A Ceph with a volume "data" that is deleted; its task is there still. */
async function withDeleted(retentionMs = 0) {
  const ceph = new MemoryCeph();
  const { id } = await make(ceph, 'data', 'old');
  await remove(controllerOn(ceph, undefined, undefined, { retentionMs }), 'data');
  return { ceph, id };
}

t.test('what a deletion put away is freed, and its name is gone from Ceph', async (t) => {
  const { ceph } = await withDeleted();
  t.equal(ceph.trash.size, 1);
  await scanOnce(ceph);
  t.same(ceph.leaks(), new MemoryCeph().leaks());
});

t.test("an operator's trash is the operator's", async (t) => {
  const ceph = new MemoryCeph();
  const { id } = await make(ceph, 'data', 'old');
  const cluster = memoryClusters(ceph, immediate).get('main');
  const spec = { pool: 'rbd', namespace: '', image: pathIn('data').slice('rbd//'.length) };
  await cluster.trashImage(spec, id, new Date());
  await scanOnce(ceph);
  t.ok(ceph.headers.has(id), 'a volume that rbd put there, and nobody deleted');
});

t.test('what an operator took back is left alone, and its task is forgotten', async (t) => {
  for (const image of [pathIn('data').slice('rbd//'.length), 'by-hand']) {
    const { ceph, id } = await withDeleted();
    const cluster = memoryClusters(ceph, immediate).get('main');
    await cluster.restoreImage({ pool: 'rbd', namespace: '', image }, id);
    await scanOnce(ceph);
    t.equal(ceph.ids.get(`rbd//${image}`), id, `as ${image}`);
    t.equal(ceph.indexes.names.tasks.size, 0);
  }
});

t.test('a task of an image that has no record of its own frees nothing', async (t) => {
  const ceph = new MemoryCeph();
  const { id } = await make(ceph, 'data', 'old');
  imageOf(ceph, 'data').metadata.clear();
  const cluster = memoryClusters(ceph, immediate).get('main');
  const place = { pool: 'rbd', namespace: '' };
  await cluster.trashImage({ ...place, image: pathIn('data').slice(5) }, id, new Date());
  const task = taskOf({
    ...{ kind: 'image', ...place, imageId: id, handle: handleOf('data'), name: 'data' },
    ...{ deleted: 0, until: 0, begun: false },
  });
  await cluster.names.swapTask({ key: 'a', id: task.id }, undefined, task.value);
  await scanOnce(ceph);
  t.ok(ceph.headers.has(id));
});

t.test('a task that this version cannot read is left alone', async (t) => {
  const ceph = new MemoryCeph();
  ceph.indexes.names.tasks.set('a x', '{"kind":"defragment"}');
  await scanOnce(ceph);
  t.equal(ceph.indexes.names.tasks.size, 1);
});

t.test(
  'an image that cannot be freed yet is tried at one pace, however often it is told of',
  async (t) => {
    const { ceph } = await withDeleted();
    let tries = 0;
    const change = () => ({
      purgeTrashed: async () => {
        tries += 1;
        return 'busy' as const;
      },
    });
    const work = workOn(ceph, { change });
    work.scan();
    await settled();
    const [name, value] = [...ceph.indexes.names.tasks][0] ?? ['', ''];
    const [key = '', ...rest] = name.split(' ');
    const triesOfAnHour = async () => {
      const before = tries;
      for (let s = 0; s < 3600; s += 30) {
        work.add('main', 'names', { key, id: rest.join(' '), value });
        work.scan();
        await pass(30, 15);
      }
      return tries - before;
    };
    const first = await triesOfAnHour();
    t.ok(first > 50 && first <= 121, `${first} tries`);
    t.equal(await triesOfAnHour(), first);
    await work.stop();
  },
);

t.test('stopping does not wait for what takes long, and lets go of the lock', async (t) => {
  const { ceph } = await withDeleted();
  const work = workOn(ceph, { change: () => ({ purgeTrashed: () => new Promise(() => {}) }) });
  work.scan();
  await settled();
  t.equal(ceph.worker, 'worker');
  const stopped = work.stop();
  await settled();
  mock.timers.tick(5_000);
  await stopped;
  t.equal(ceph.worker, undefined);
});

t.test('what has begun is ended before the plugin is, where that is soon', async (t) => {
  const { ceph } = await withDeleted();
  const { promise, resolve } = Promise.withResolvers<'removed'>();
  const work = workOn(ceph, { change: () => ({ purgeTrashed: () => promise }) });
  work.scan();
  await settled();
  let isStopped = false;
  const stopped = work.stop().then(() => {
    isStopped = true;
  });
  await settled();
  t.notOk(isStopped);
  t.equal(ceph.worker, undefined, 'another controller may go on at once');
  resolve('removed');
  await stopped;
  t.equal(ceph.indexes.names.tasks.size, 0, 'the task was ended');
});

t.test('one of two controllers does the work, and the other when the first is gone', async (t) => {
  const { ceph } = await withDeleted();
  const done: string[] = [];
  const changeOf = (id: string) => (cluster: Cluster) => ({
    purgeTrashed: (...args: Parameters<Cluster['purgeTrashed']>) => {
      done.push(id);
      return cluster.purgeTrashed(...args);
    },
  });
  const one = workOn(ceph, { id: 'one', change: changeOf('one') });
  const two = workOn(ceph, { id: 'two', change: changeOf('two') });
  one.scan();
  two.scan();
  await settled();
  t.same(done, ['one']);
  // A task that a third controller wrote down is found by the one that has the lock.
  await create(controllerOn(ceph), 'logs');
  await remove(controllerOn(ceph), 'logs');
  await pass(10);
  t.same(done, ['one', 'one']);
  await one.stop();
  await create(controllerOn(ceph), 'more');
  await remove(controllerOn(ceph), 'more');
  await pass(10);
  t.same(done, ['one', 'one', 'two']);
  await two.stop();
});

t.test(
  'a controller that lost the lock begins nothing, and goes on when it has it again',
  async (t) => {
    const ceph = new MemoryCeph();
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await make(ceph, name, name);
    let begun = 0;
    const held: Array<() => void> = [];
    const work = workOn(ceph, {
      change: (cluster) => ({
        async purgeTrashed(...args) {
          begun += 1;
          await new Promise<void>((resolve) => held.push(resolve));
          return cluster.purgeTrashed(...args);
        },
      }),
    });
    for (const name of names) await remove(controllerOn(ceph), name);
    work.scan();
    await settled();
    t.equal(begun, 2, 'two images at once');
    ceph.worker = 'another';
    await pass(20);
    for (const resolve of held.splice(0)) resolve();
    await settled();
    t.equal(begun, 2, 'what waited is not begun');
    ceph.worker = undefined;
    for (let round = 0; round < 8; round++) {
      await pass(10);
      for (const resolve of held.splice(0)) resolve();
    }
    t.same(ceph.leaks().headers, [], 'all is done');
    await work.stop();
  },
);

t.test(
  'a deleted volume is kept until its time, and no longer where somebody ends that',
  async (t) => {
    const { ceph, id } = await withDeleted(DAY);
    const work = workOn(ceph);
    work.scan();
    await pass(DAY / 1000 - 300, 300);
    t.ok(ceph.headers.has(id), 'five minutes before');
    await pass(400, 100);
    t.notOk(ceph.headers.has(id), 'after its time');

    await make(ceph, 'logs', 'lines');
    await remove(controllerOn(ceph, undefined, undefined, { retentionMs: DAY }), 'logs');
    await pass(30);
    t.equal(ceph.headers.size, 1);
    await freeDeleted(controllerOn(ceph), handleOf('logs'), '');
    await pass(30);
    t.equal(ceph.headers.size, 0, 'ended early, by another controller');
    await work.stop();
  },
);

t.test('a tombstone goes when its last snapshot or clone lets it', async (t) => {
  for (const last of ['snapshot', 'clone']) {
    const ceph = new MemoryCeph();
    const { id } = await make(ceph, 'data', 'old');
    const { id: snapshotId } = await snap(controllerOn(ceph), 'daily', 'data');
    if (last === 'clone')
      await create(controllerOn(ceph), 'copy', { source: ofSnapshot(snapshotId) });
    await remove(controllerOn(ceph), 'data');
    const work = workOn(ceph);
    work.scan();
    await pass(60);
    t.ok(ceph.headers.has(id), 'a snapshot keeps it');
    await unsnap(controllerOn(ceph), snapshotId);
    await pass(60);
    if (last === 'clone') {
      t.ok(ceph.headers.has(id), 'a clone keeps it');
      t.equal(imageOf(ceph, 'copy').content, 'old');
      await remove(controllerOn(ceph), 'copy');
      await pass(60);
    }
    t.same(ceph.leaks(), new MemoryCeph().leaks(), `after the ${last}, within a minute`);
    await work.stop();
  }
});

t.test('a tombstone that was looked at while its last clone went is looked at again', async (t) => {
  const ceph = new MemoryCeph();
  const { id } = await make(ceph, 'data', 'old');
  const { id: snapshotId } = await snap(controllerOn(ceph), 'daily', 'data');
  await create(controllerOn(ceph), 'copy', { source: ofSnapshot(snapshotId) });
  const { id: cloneId } = imageOf(ceph, 'copy');
  await unsnap(controllerOn(ceph), snapshotId);
  await scanOnce(ceph);
  await remove(controllerOn(ceph), 'data');
  await remove(controllerOn(ceph), 'copy');
  const freed = Promise.withResolvers<void>();
  let looks = 0;
  const work = workOn(ceph, {
    change: (cluster) => ({
      snapshots: async (place, imageId) => {
        const found = await cluster.snapshots(place, imageId);
        // What it says is old by the time it is heard.
        if (imageId === id && ++looks === 1) await freed.promise.then(settled);
        return found;
      },
      purgeTrashed: async (place, imageId, parent) => {
        const removed = await cluster.purgeTrashed(place, imageId, parent);
        if (imageId === cloneId) freed.resolve();
        return removed;
      },
    }),
  });
  work.scan();
  await pass(60);
  t.ok(looks > 1, `${looks} looks`);
  t.same(ceph.leaks(), new MemoryCeph().leaks(), 'it goes within a minute');
  await work.stop();
});

/** A volume that is a clone of a clone …: data, copy1, copy2 and so on. */
async function chain(ceph: MemoryCeph, length: number): Promise<void> {
  await make(ceph, 'data', 'old');
  for (let i = 1; i <= length; i++) {
    const { id } = await snap(controllerOn(ceph), `s${i}`, i === 1 ? 'data' : `copy${i - 1}`);
    await create(controllerOn(ceph), `copy${i}`, { source: ofSnapshot(id) });
  }
}

const depthOf = (ceph: MemoryCeph, name: string) => {
  let depth = 0;
  for (let at = imageOf(ceph, name).parent; at !== undefined; depth++)
    at = ceph.headers.get(at.imageId)?.parent;
  return depth;
};

t.test('a clone is flattened when it is too deep, and only then', async (t) => {
  const ceph = new MemoryCeph();
  await chain(ceph, 4);
  t.equal(ceph.indexes.names.tasks.size, 0, 'four parents are fine');
  const { id } = await snap(controllerOn(ceph), 's5', 'copy4');
  await create(controllerOn(ceph), 'copy5', { source: ofSnapshot(id) });
  t.equal(ceph.indexes.names.tasks.size, 1);
  t.equal(depthOf(ceph, 'copy5'), 5);
  await scanOnce(ceph);
  t.equal(depthOf(ceph, 'copy5'), 0);
  t.equal(depthOf(ceph, 'copy4'), 4, 'the others are left as they are');
  t.equal(imageOf(ceph, 'copy5').content, 'old');
  t.equal(ceph.indexes.names.tasks.size, 0);
});

t.test('as deep as a clone may be made, it is flattened', async (t) => {
  const ceph = new MemoryCeph();
  await chain(ceph, 13);
  t.equal(depthOf(ceph, 'copy13'), 13);
  const { id } = await snap(controllerOn(ceph), 's14', 'copy13');
  await t.rejects(create(controllerOn(ceph), 'copy14', { source: ofSnapshot(id) }), {
    code: 'UNAVAILABLE',
  });
  const [, value] = [...ceph.indexes.names.tasks].find(([, text]) => text.includes('copy13')) ?? [];
  t.equal(parseTask(value ?? '')?.kind, 'flatten');
  ceph.indexes.names.tasks.forEach((text, key) => {
    if (text !== value) ceph.indexes.names.tasks.delete(key);
  });
  await scanOnce(ceph);
  t.equal(depthOf(ceph, 'copy13'), 0);
});

t.test('a chain that became short by itself, and a deleted clone, are not flattened', async (t) => {
  for (const how of ['short', 'deleted']) {
    const ceph = new MemoryCeph();
    await chain(ceph, 5);
    if (how === 'short') {
      const { id } = imageOf(ceph, 'copy3');
      const cluster = memoryClusters(ceph, immediate).get('main');
      await cluster.flattenImage({ pool: 'rbd', namespace: '' }, id, undefined, () => {});
    } else await remove(controllerOn(ceph), 'copy5');
    let flattened = 0;
    const change = () => ({
      flattenImage: async () => {
        flattened += 1;
        return 'flattened' as const;
      },
    });
    await scanOnce(ceph, { change });
    t.equal(flattened, 0, how);
    t.notOk([...ceph.indexes.names.tasks.values()].some((text) => text.includes('flatten')));
  }
});

t.test('the progress of a flattening is written down, and it is taken up again', async (t) => {
  const ceph = new MemoryCeph();
  await chain(ceph, 5);
  let tell: (percent: number) => void = () => {};
  let tries = 0;
  const ends: Array<(outcome: 'busy' | 'flattened') => void> = [];
  const work = workOn(ceph, {
    change: () => ({
      flattenImage: (_place, _id, _parent, onProgress) => {
        tell = onProgress;
        tries += 1;
        return new Promise((resolve) => ends.push(resolve));
      },
    }),
  });
  const percent = () => {
    const task = parseTask([...ceph.indexes.names.tasks.values()][0] ?? '');
    return task?.kind === 'flatten' ? task.percent : undefined;
  };
  work.scan();
  await settled();
  t.equal(percent(), 0);
  for (const [at, seen] of [
    [20, 20],
    [60, 60],
  ] as const) {
    mock.timers.tick(3_000);
    tell(at);
    await settled();
    t.equal(percent(), seen);
  }
  tell(61);
  await settled();
  t.equal(percent(), 60, 'not at every object');
  ends.shift()?.('busy');
  await pass(60);
  t.equal(tries, 2, 'tried again');
  ends.shift()?.('flattened');
  await settled();
  t.equal(ceph.indexes.names.tasks.size, 0, 'and forgotten, whatever its progress was');
  await work.stop();
});

t.test('several tasks of a kind run at once, and none waits for another kind', async (t) => {
  const ceph = new MemoryCeph();
  await chain(ceph, 6);
  for (const name of ['a', 'b', 'c']) {
    await make(ceph, name, name);
    await remove(controllerOn(ceph), name);
  }
  await make(ceph, 'source', 'x');
  for (let i = 0; i < 10; i++)
    await unsnap(controllerOn(ceph), (await snap(controllerOn(ceph), `n${i}`, 'source')).id);
  const running = { image: 0, snapshot: 0, flatten: 0 };
  const forever = (kind: keyof typeof running) => () => {
    running[kind] += 1;
    return new Promise<never>(() => {});
  };
  const work = workOn(ceph, {
    change: () => ({
      purgeTrashed: forever('image'),
      removeSnapshot: forever('snapshot'),
      flattenImage: forever('flatten'),
    }),
  });
  work.scan();
  await settled();
  t.same(running, { image: 2, snapshot: 8, flatten: 1 });
  const stopped = work.stop();
  await settled();
  mock.timers.tick(5_000);
  await stopped;
});

t.test('a failure is reported, and the task is tried again after a while', async (t) => {
  const { ceph } = await withDeleted();
  const errors: unknown[] = [];
  const failure = new Error('no answer');
  let tries = 0;
  const work = workOn(ceph, {
    errors,
    change: (cluster) => ({
      purgeTrashed: (...args) => {
        tries += 1;
        return tries < 3 ? Promise.reject(failure) : cluster.purgeTrashed(...args);
      },
    }),
  });
  work.scan();
  await settled();
  t.same(errors, [failure]);
  // Its beginning was written down, which makes it another task: it is tried once more at once.
  await pass(120);
  t.same(errors, [failure, failure]);
  t.equal(tries, 3);
  t.same(ceph.leaks(), new MemoryCeph().leaks());
  await work.stop();
});

t.test('a Ceph that does not answer is looked at again', async (t) => {
  const { ceph } = await withDeleted();
  const errors: unknown[] = [];
  const failure = new Error('no answer');
  let down = true;
  const work = workOn(ceph, {
    errors,
    change: (cluster) => ({
      holdWork: (...args) => (down ? Promise.reject(failure) : cluster.holdWork(...args)),
    }),
  });
  work.scan();
  await pass(10);
  t.ok(
    errors.length >= 2 && errors.every((error) => error === failure),
    'and each time it says so',
  );
  down = false;
  await pass(10);
  t.same(ceph.leaks(), new MemoryCeph().leaks());
  t.equal(imageCount(ceph), 0);
  await work.stop();
});

const imageCount = (ceph: MemoryCeph) =>
  [...ceph.headers.values()].filter(({ metadata }) => metadata.has(DELETING_KEY)).length;

t.test('what nobody can ask for keeps no tombstone; what somebody can, does', async (t) => {
  for (const [name, kind, keeps] of [
    ['daily-n4ytatg72cr2mnrl766g-jpeola', 'user', false],
    ['daily-n4ytatg72cr2mnrl766g-jpeola', 'trash', false],
    ['pannier.clone.n5nganhhocwl7m7xs7tk.ad1b24a2481caffe', 'user', false],
    ['by-hand', 'user', true],
    ['mirror', 'other', true],
  ] as const) {
    const ceph = new MemoryCeph();
    const image = await make(ceph, 'data', 'old');
    image.snapshots.push({
      ...{ id: 1n, name, kind, sizeBytes: image.sizeBytes, created: new Date(), content: 'old' },
      ...{ parent: undefined, children: new Set() },
    });
    await remove(controllerOn(ceph), 'data');
    await scanOnce(ceph);
    t.equal(ceph.headers.size, keeps ? 1 : 0, `${name}, ${kind}`);
  }
});

t.test(
  'the work follows the clusters: those that are new, those whose pool changed, those that are gone',
  async (t) => {
    const cephs = new Map(['a', 'b', 'c'].map((pool) => [pool, new MemoryCeph()]));
    const pools = new Map([['main', 'a']]);
    const cluster = new Map(
      [...cephs].map(([pool, ceph]) => [pool, memoryClusters(ceph, immediate).get('main')]),
    );
    const poolOf = (name: string) => pools.get(name) ?? '';
    const holders = () => [...cephs.values()].map(({ worker }) => worker);
    const work = startWork({
      ...{ id: 'worker', effect: plainEffect, onError: (error) => t.fail(`${error}`) },
      clusters: {
        ...memoryClusters(new MemoryCeph(), immediate),
        get names() {
          return [...pools.keys()];
        },
        defaultPool: poolOf,
        get: (name) => cluster.get(poolOf(name)) as Cluster,
      },
    });
    work.scan();
    await settled();
    t.same(holders(), ['worker', undefined, undefined]);
    pools.set('second', 'b');
    await work.follow();
    await settled();
    t.same(holders(), ['worker', 'worker', undefined]);
    pools.set('main', 'c');
    await work.follow();
    await settled();
    t.same(holders(), [undefined, 'worker', 'worker'], 'the lock of the old pool is free');
    pools.delete('second');
    await work.follow();
    await pass(10);
    t.same(holders(), [undefined, undefined, 'worker']);
    await work.stop();
    t.same(holders(), [undefined, undefined, undefined]);
  },
);
