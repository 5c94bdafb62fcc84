import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { EffectName } from '../../src/volume/effects.js';
import { mountsBelow } from '../lab/folder.js';
import type { Resource } from '../lab/mesos/resources.js';
import type { LabAgent } from '../lab/mesos.js';
import { converted, Disks } from './disks.js';
import { startSite } from './site.js';

const OUTAGE_MS = 20_000;
const LIMIT_MS = 300_000;
const PAUSE_MS = 1_000;

const site = await startSite({
  agents: 2,
  // With one OSD nobody renews its lease to be read, which would end in an outage of 20 s and never come back.
  ceph: { own: true, settings: { 'osd pool default read lease ratio': '20' } },
});
const { agent, ceph, framework } = site;
const [, other] = site.mesos.agents as [LabAgent, LabAgent];
const disks = new Disks(framework);
const here = { agent: await agent.id() };
const there = { agent: await other.id() };

/** A framework does once more what failed, a second later, until it has succeeded. */
async function untilDone<T>(action: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + LIMIT_MS; ; await sleep(PAUSE_MS))
    try {
      return await action();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
}

async function write(disk: Resource): Promise<void> {
  const { state, message } = await disks.write(disk, 'echo kept > data/letter');
  if (state !== 'TASK_FINISHED') throw new Error(`${state}: ${message}`);
}

async function read(disk: Resource): Promise<string> {
  const { state, message = '' } = await disks.use(disk, 'cat data/letter');
  if (state !== 'TASK_FINISHED') throw new Error(`${state}: ${message}`);
  return message;
}

/** Every provider still does all that there is to do, and nothing is left of what was before. */
async function isAlive(t: Test): Promise<void> {
  for (const from of [here, there])
    await disks.destroy(await disks.create('ext4', 8, 'MOUNT', from));
  t.same(await site.images(), []);
  for (const one of [agent, other]) t.same(mountsBelow(site.mounts(one)), []);
}

for (const daemon of ['osd', 'mon'] as const)
  t.test(`the ${daemon} is away while disks are made, used and destroyed`, async (t) => {
    const used = await disks.create('ext4', 16, 'MOUNT', here);
    const doomed = await disks.create('ext4', 16, 'MOUNT', here);
    await ceph.pause(daemon);
    const making = disks.tryCreate('ext4', 16, 'MOUNT', here);
    const using = disks.write(used, 'echo kept > data/letter');
    const ending = disks.tryDestroy(doomed);
    await sleep(OUTAGE_MS);
    await ceph.resume(daemon);
    const made = await making;
    t.equal(made.state, 'OPERATION_FINISHED', made.message ?? '');
    const ended = await ending;
    t.equal(ended.state, 'OPERATION_FINISHED', ended.message ?? '');
    t.match(await using, { state: 'TASK_FINISHED' });
    t.equal(await read(used), 'kept\n');
    await disks.clear(used);
    await disks.clear(converted(made));
    await isAlive(t);
  });

t.test('the cluster is away for 20 s while the provider reconciles', async (t) => {
  for (const daemon of ['osd', 'mon'] as const) {
    const disk = await disks.create('ext4', 16, 'MOUNT', here);
    await ceph.pause(daemon);
    const before = site.reconciliations(agent);
    await sleep(OUTAGE_MS);
    // Each waits for what cannot be read. Operations would hold it up, and there are none.
    const reconciled = site.reconciliations(agent) - before;
    await ceph.resume(daemon);
    t.ok(reconciled >= 1, `${daemon}: ${reconciled} times`);
    await site.reconciled(agent, 2);
    await disks.destroy(disk);
    await isAlive(t);
  }
});

t.test('the plugin is killed while the provider reconciles', async (t) => {
  const disk = await disks.create('ext4', 16, 'MOUNT', here);
  await write(disk);
  await ceph.pause('osd');
  await site.logged(agent, ({ rpc, msg }) => rpc === 'ListVolumes' && msg === 'call received');
  await site.killPlugin(agent);
  await ceph.resume('osd');
  t.equal(await read(disk), 'kept\n');
  await disks.clear(disk);
  await isAlive(t);
  // Mesos ends the reconciliation of a provider for good with one failed call, until the agent starts anew.
  await agent.restart();
  await site.reconciled(agent, 2);
});

const named = <P extends string, N extends string>(call: P, names: readonly N[]) =>
  names.map((name) => `${call}/${name}` as const);

/**
 * What the plugin dies of in the lives of disks, one after the other in each. Mesos waits longer and longer before it
 * sends CreateVolume and DeleteVolume again, so that they fail only once in each.
 */
const LIVES: readonly (readonly EffectName[])[] = [
  [
    'create/claim-name',
    'controllerPublish/write-publication',
    ...named('stage', ['remember-stage', 'write-access', 'start-fuse', 'attach-device']),
    ...named('stage', [
      'begin-format',
      'make-fs',
      'end-format',
      'mount-staging',
      'remember-staged',
    ]),
    ...named('publish', ['remember-publish', 'make-target', 'bind-target']),
    ...named('unpublish', ['unbind-target', 'remove-target', 'forget-publish']),
    ...named('unstage', ['unmount-staging', 'detach-device', 'stop-fuse']),
    'controllerUnpublish/remove-publication',
    'delete/mark-deleting',
  ],
  // A plugin that starts does these itself where the last one died, and Mesos gives up one that dies before Probe.
  ['create/create-image', 'unstage/remove-access', 'delete/trash-image'],
  ['create/write-record', 'unstage/forget-stage', 'delete/release-name'],
  ['create/commit-name'],
];

for (const effects of LIVES)
  t.test(`the plugin is killed ${effects.length} times, after each step`, async (t) => {
    const before = site.lives(agent);
    await site.crashAfter(agent, effects);
    const disk = await untilDone(() => disks.create('ext4', 16, 'MOUNT', here));
    await untilDone(() => write(disk));
    t.equal(await untilDone(() => read(disk)), 'kept\n');
    await untilDone(() => disks.clear(disk));
    await isAlive(t);
    t.equal(site.lives(agent) - before, 1 + effects.length, 'each of them came');
  });

t.test('the agent is killed in each call of a disk’s life', async (t) => {
  for (const rpc of [
    'CreateVolume',
    'ControllerPublishVolume',
    'NodeStageVolume',
    'NodePublishVolume',
    'NodeUnpublishVolume',
    'NodeUnstageVolume',
    'ControllerUnpublishVolume',
    'DeleteVolume',
  ]) {
    const begun = site.logged(agent, (line) => line.rpc === rpc && line.msg === 'call received');
    const killed = begun.then(() => agent.restart());
    const disk = await untilDone(() => disks.create('ext4', 16, 'MOUNT', here));
    await untilDone(() => write(disk));
    t.equal(await untilDone(() => read(disk)), 'kept\n', rpc);
    await untilDone(() => disks.clear(disk));
    await killed;
  }
  await isAlive(t);
});

t.test('two agents over one pool make and destroy disks at once', async (t) => {
  const work = async (from: { agent: string }) => {
    for (let round = 0; round < 5; round++) {
      const disk = await disks.create('ext4', 16, 'MOUNT', from);
      await write(disk);
      await disks.clear(disk);
    }
  };
  await Promise.all([work(here), work(there), work(here), work(there)]);
  await isAlive(t);
});

t.test('a full pool', async (t) => {
  const disk = await disks.create('ext4', 64, 'MOUNT', here);
  await write(disk);
  await ceph.ceph('osd', 'pool', 'set-quota', ceph.pool, 'max_objects', '1');
  while (!/POOL_FULL/.test(await ceph.ceph('health', 'detail'))) await sleep(200);
  const refused = await disks.tryCreate('ext4', 16, 'MOUNT', here);
  t.match(refused, { state: 'OPERATION_FAILED', message: 'no room' });
  t.equal((await site.images()).length, 1, 'nothing is left of it');
  await ceph.ceph('osd', 'pool', 'set-quota', ceph.pool, 'max_objects', '0');
  t.equal(await untilDone(() => read(disk)), 'kept\n');
  await untilDone(() => disks.clear(disk));
  await isAlive(t);
});
