import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { startMachine } from '../lab/machine/machine.js';
import { startPluginOn } from '../lab/machine/plugin.js';
import {
  answerOf,
  blockAs,
  create,
  leftIn,
  MIB,
  NOTHING_LEFT,
  startCephForMachines,
  Use,
} from './krbd-site.js';

const LIMIT_MS = 300_000;

t.test('the kernel waits for a Ceph that is away, and the plugin does not', async (t) => {
  const ceph = await startCephForMachines();
  const machine = await startMachine('m1');
  const writers = () => machine.run('ps', '-eo', 'pid,args').then((all) => all.match(/dd of=\S+/g));
  const until = async (done: () => Promise<boolean>, what: string) => {
    for (const end = Date.now() + LIMIT_MS; !(await done()); await sleep(200))
      if (Date.now() > end) throw new Error(`never: ${what}`);
  };

  await t.test('a map that is not answered is given up, and repeated later', async (t) => {
    const plugin = await startPluginOn(machine, {
      clusters: [ceph.settings],
      pauseAfter: 'krbd/remember-mapping',
    });
    const volumeId = await create(plugin, 'mapped', blockAs(), 8n * MIB);
    const use = new Use(machine, volumeId, blockAs());
    const staging = answerOf(use.stage(plugin));
    await until(
      async () => (await machine.run('ps', '-o', 'stat=', '-p', `${plugin.pid}`)).startsWith('T'),
      'the plugin stops',
    );
    await ceph.pause('osd');
    plugin.goOn();
    await until(async () => (await writers()) !== null, 'the kernel is asked');
    t.ok((await plugin.identity.probe({})).ready, 'it answers others meanwhile');
    t.match(await staging, /^UNAVAILABLE .*the kernel's rbd: no answer within 30 s/);
    t.notOk(plugin.stderr.includes(ceph.key), 'the log has no key');
    await until(async () => (await writers()) === null, 'the writer ends');
    t.same(await leftIn(machine), NOTHING_LEFT);
    await ceph.resume('osd');
    await until(async () => (await answerOf(use.stage(plugin))) === 'OK', 'it is staged');
    await use.unstage(plugin);
    t.same(await leftIn(machine), NOTHING_LEFT);
    t.equal(await plugin.stop(), 0);
  });

  await t.test('a device that the kernel cannot close goes by the next call', async (t) => {
    const plugin = await startPluginOn(machine, { clusters: [ceph.settings] });
    const volumeId = await create(plugin, 'closed', blockAs(), 8n * MIB);
    const use = new Use(machine, volumeId, blockAs());
    await use.stage(plugin);
    await ceph.pause('osd');
    t.match(await answerOf(use.unstage(plugin)), /^UNAVAILABLE .*is not closed yet: the kernel/);
    t.equal(await answerOf(use.unstage(plugin)), 'OK');
    t.same(await leftIn(machine), NOTHING_LEFT);
    t.ok(await writers(), 'the kernel goes on with it');
    await ceph.resume('osd');
    await until(async () => (await writers()) === null, 'the writer ends');
    await until(async () => (await answerOf(use.stage(plugin))) === 'OK', 'it is staged');
    await use.unstage(plugin);
    t.equal(await plugin.stop(), 0);
  });
});
