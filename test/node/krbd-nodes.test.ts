import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { startMachine } from '../lab/machine/machine.js';
import { startPluginOn } from '../lab/machine/plugin.js';
import {
  answerOf,
  create,
  leftIn,
  MIB,
  mountAs,
  NOTHING_LEFT,
  startCephForMachines,
  Use,
} from './krbd-site.js';

const EXT4 = mountAs('ext4');
/** Ceph forgets a client that died after 30 s. */
const TAKEOVER_LIMIT_MS = 180_000;

t.test('one writer is one writer on two machines', async (t) => {
  const ceph = await startCephForMachines();
  const [m1, m2] = await Promise.all([startMachine('m1'), startMachine('m2')]);
  const start = (machine: typeof m1) => startPluginOn(machine, { clusters: [ceph.settings] });
  let [first, second] = await Promise.all([start(m1), start(m2)]);

  await t.test('the second machine waits for the first to let go', async (t) => {
    const volumeId = await create(first, 'one', EXT4, 64n * MIB);
    const [here, there] = [new Use(m1, volumeId, EXT4), new Use(m2, volumeId, EXT4)];
    await here.attach(first);
    await here.write('file', 'from the first');
    t.match(
      await answerOf(there.stage(second)),
      new RegExp(`^FAILED_PRECONDITION .*in use by client ${m1.address}:`),
    );
    t.same(await leftIn(m2), NOTHING_LEFT);
    await here.release(first);
    await there.attach(second);
    t.equal(await there.read('file'), 'from the first');
    await there.release(second);
    t.same(await leftIn(m1), NOTHING_LEFT);
    t.same(await leftIn(m2), NOTHING_LEFT);
  });

  await t.test('a machine that dies gives its volume up, and nothing synced is lost', async (t) => {
    const volumeId = await create(first, 'two', EXT4, 64n * MIB);
    const [here, there] = [new Use(m1, volumeId, EXT4), new Use(m2, volumeId, EXT4)];
    await here.attach(first);
    await here.write('file', 'synced');
    await m1.kill();
    t.match(await answerOf(there.stage(second)), /^FAILED_PRECONDITION .*in use by client/);
    const end = Date.now() + TAKEOVER_LIMIT_MS;
    while ((await answerOf(there.stage(second))) !== 'OK' && Date.now() < end) await sleep(1_000);
    await there.publish(second);
    t.equal(await there.read('file'), 'synced');
    await there.write('file', 'from the second');

    await m1.start();
    first = await start(m1);
    t.same(await leftIn(m1), NOTHING_LEFT, 'the dead machine forgets what the reboot took away');
    t.match(
      await answerOf(here.stage(first)),
      new RegExp(`^FAILED_PRECONDITION .*in use by client ${m2.address}:`),
    );
    await there.release(second);
    await here.attach(first);
    t.equal(await here.read('file'), 'from the second');
    await here.release(first);
    t.same(await leftIn(m1), NOTHING_LEFT);
    t.same(await leftIn(m2), NOTHING_LEFT);
  });

  await t.test(
    'a machine that lost its power has its volume again when Ceph forgot it',
    async (t) => {
      const volumeId = await create(first, 'three', EXT4, 64n * MIB);
      const use = new Use(m1, volumeId, EXT4);
      await use.attach(first);
      await use.write('file', 'synced');
      await m1.kill();
      await m1.start();
      first = await start(m1);
      await use.attach(first);
      t.equal(await use.read('file'), 'synced');
      await use.release(first);
      t.same(await leftIn(m1), NOTHING_LEFT);
    },
  );

  t.equal(await first.stop(), 0);
  t.equal(await second.stop(), 0);
});
