import t from 'tap';
import { getCapacity } from '../../src/volume/capacity.js';
import type { Controller, Volume } from '../../src/volume/controller.js';
import { createVolume } from '../../src/volume/create/create.js';
import { deleteVolume } from '../../src/volume/delete/delete.js';
import { fail } from '../../src/volume/errors.js';
import { formatHandle } from '../../src/volume/handle.js';
import { LastAnswers } from '../../src/volume/last-answers.js';
import { listVolumes } from '../../src/volume/list.js';
import { Remembered } from '../../src/volume/remembered.js';
import type { Cluster } from '../../src/volume/store.js';
import { controllerOf } from './controllers.js';
import { handleOf } from './doctor/rig.js';
import { MemoryCeph } from './memory-ceph.js';
import { memoryClusters } from './memory-clusters.js';

const GIB = 1n << 30n;
const QUOTA = 10n * GIB;
const LIMITS = { knownMs: 20, unknownMs: 40 };
const away = () => Promise.reject(new Error('away'));
const never = () => new Promise<never>(() => {});

/** Two clusters, of which each can be away or stand still, and a controller that remembers. */
function here() {
  const told: string[] = [];
  const state: Record<string, 'there' | 'away' | 'still'> = { main: 'there', second: 'there' };
  const clusterOf = (name: string): Cluster => {
    const step = async () => {
      if (state[name] === 'away') fail('cluster-unavailable', { cluster: name, problem: 'away' });
      if (state[name] === 'still') await never();
    };
    return { ...memoryClusters(new MemoryCeph(), step).get('main'), name };
  };
  const clusters = { main: clusterOf('main'), second: clusterOf('second') };
  const remembered = new Remembered<Volume>(
    {
      lost: (question, problem) => told.push(`lost ${question}: ${problem}`),
      found: (question) => told.push(`found ${question}`),
    },
    LIMITS,
  );
  const controller = controllerOf(
    {
      ...memoryClusters(new MemoryCeph(), async () => {}),
      names: Object.keys(clusters),
      quota: () => QUOTA,
      get: (name) => clusters[name as keyof typeof clusters],
    },
    { remembered },
  );
  return { told, state, controller };
}

function create(controller: Controller, name: string, cluster = 'main') {
  return createVolume(controller, {
    name,
    range: { requiredBytes: GIB, limitBytes: GIB },
    capabilities: [],
    parameters: { cluster },
    source: undefined,
    credentials: undefined,
  });
}

async function listed(controller: Controller) {
  return (await listVolumes(controller, 0, '')).volumes.map(({ handle }) => formatHandle(handle));
}

const capacity = (controller: Controller, parameters: Record<string, string> = {}) =>
  getCapacity(controller, { parameters, capabilities: [] });

t.test('what was never known is nothing, and no error', async (t) => {
  for (const how of ['away', 'still'] as const) {
    const { told, state, controller } = here();
    await create(controller, 'one');
    Object.assign(state, { main: how, second: how });
    t.same(await listed(controller), [], how);
    t.equal(await capacity(controller), 0n, how);
    t.match(told[0], /^lost the volumes of cluster "main": /);
  }
});

t.test('a cluster that is away is listed as it was last, and the others as they are', async (t) => {
  for (const how of ['away', 'still'] as const) {
    const { told, state, controller } = here();
    await create(controller, 'one');
    const second = formatHandle((await create(controller, 'two', 'second')).handle);
    t.same(await listed(controller), [handleOf('one'), second]);
    t.equal(await capacity(controller), QUOTA - GIB);
    state.main = how;
    t.same(await listed(controller), [handleOf('one'), second], how);
    await deleteVolume(controller, second, undefined);
    t.same(await listed(controller), [handleOf('one')], how);
    t.equal(await capacity(controller), QUOTA - GIB, how);
    t.same(await listed(controller), [handleOf('one')], `${how}, again`);
    const problem = how === 'away' ? 'cluster "main" does not answer: away' : 'no answer in 0.02 s';
    t.same(
      told.filter((line) => line.includes('volumes of')),
      [`lost the volumes of cluster "main": ${problem}`],
      'each thing is told once',
    );
  }
});

t.test('it is told when the answers come again, and they are fresh', async (t) => {
  const { told, state, controller } = here();
  await create(controller, 'one');
  t.same(await listed(controller), [handleOf('one')]);
  state.main = 'away';
  await listed(controller);
  state.main = 'there';
  await create(controller, 'two');
  t.same((await listed(controller)).sort(), ['one', 'two'].map((name) => handleOf(name)).sort());
  t.same(told, [
    'lost the volumes of cluster "main": cluster "main" does not answer: away',
    'found the volumes of cluster "main"',
  ]);
});

t.test('a volume that a look has seen before its creation has ended is listed once', async (t) => {
  const { state, controller } = here();
  await listed(controller);
  const made = await create(controller, 'one');
  await listed(controller);
  controller.remembered?.made(made);
  state.main = 'away';
  t.same(await listed(controller), [handleOf('one')]);
});

t.test('what this controller creates and deletes counts while the cluster is away', async (t) => {
  const { state, controller } = here();
  await create(controller, 'one');
  await listed(controller);
  await capacity(controller);
  await create(controller, 'two');
  await deleteVolume(controller, handleOf('one'), undefined);
  state.main = 'away';
  t.same(await listed(controller), [handleOf('two')]);
  t.equal(await capacity(controller), QUOTA - 2n * GIB, 'never more than there is');
  state.main = 'there';
  t.equal(await capacity(controller), QUOTA - GIB);
});

t.test('a mistake is a mistake, whatever is known', async (t) => {
  const { state, controller } = here();
  await capacity(controller);
  state.main = 'away';
  await t.rejects(capacity(controller, { poool: 'x' }), { code: 'INVALID_ARGUMENT' });
});

t.test('a listing by pages is fresh or fails', async (t) => {
  const { state, controller } = here();
  await create(controller, 'one');
  await listed(controller);
  state.main = 'away';
  await t.rejects(listVolumes(controller, 10, ''), { code: 'UNAVAILABLE' });
});

t.test('who asks while the same is being asked waits no longer than the first', async (t) => {
  const answers = new LastAnswers<number>({ lost() {}, found() {} }, LIMITS);
  let asked = 0;
  const slow = Promise.withResolvers<number>();
  const ask = () =>
    answers.ask('it', 'key', () => {
      asked += 1;
      return slow.promise;
    });
  t.same(await Promise.all([ask(), ask()]), [undefined, undefined]);
  t.equal(asked, 1);
  slow.resolve(7);
  t.equal(await ask(), 7, 'the answer that comes late is the next one');
  t.equal(await answers.ask('it', 'key', away), 7, 'and is kept');
});

t.test('an answer that was begun before a change is not kept', async (t) => {
  const answers = new LastAnswers<number>({ lost() {}, found() {} }, LIMITS);
  await answers.ask('it', 'key', async () => 1);
  const slow = Promise.withResolvers<number>();
  const asked = answers.ask('it', 'key', () => slow.promise);
  answers.change('key', (known) => known + 1);
  slow.resolve(1);
  t.equal(await asked, 1);
  t.equal(await answers.ask('it', 'key', away), 2);
});
