import t from 'tap';
import type { EffectName } from '../../../src/volume/effects.js';
import { startMachine } from '../../lab/machine/machine.js';
import { startPluginOn } from '../../lab/machine/plugin.js';
import type { LabPlugin } from '../../lab/plugin.js';
import {
  create,
  leftIn,
  MIB,
  mountAs,
  NOTHING_LEFT,
  startCephForMachines,
  Use,
} from '../../node/krbd-site.js';
import type { EffectsIn } from './files.js';

type Step = 'attach' | 'release';

/** For each effect the step in which it comes up. */
const STEPS: Readonly<Record<EffectsIn<'krbd'>, Step>> = {
  'krbd/remember-mapping': 'attach',
  'krbd/map': 'attach',
  'krbd/unmap': 'release',
  'krbd/forget-mapping': 'release',
};

const EXT4 = mountAs('ext4');

t.test('kill -9 after any effect on the kernel, then the same call: nothing leaked', async (t) => {
  const ceph = await startCephForMachines();
  const machine = await startMachine('m1');
  const start = (crashAfter?: EffectName) =>
    startPluginOn(machine, {
      clusters: [ceph.settings],
      ...(crashAfter === undefined ? {} : { crashAfter }),
    });
  for (const [effect, step] of Object.entries(STEPS) as Array<[EffectName, Step]>)
    await t.test(effect, async (t) => {
      let plugin = await start(effect);
      const volumeId = await create(plugin, effect, EXT4, 64n * MIB);
      const use = new Use(machine, volumeId, EXT4);
      let died: Step | undefined;
      const survive = async (name: Step, call: (plugin: LabPlugin) => Promise<void>) => {
        try {
          await call(plugin);
        } catch (error) {
          if (died !== undefined || (await plugin.ended) !== 'SIGKILL') throw error;
          died = name;
          plugin = await start();
          await call(plugin);
        }
      };
      await survive('attach', (plugin) => use.attach(plugin));
      await use.write('file', 'hello');
      t.equal(await use.read('file'), 'hello');
      await survive('release', (plugin) => use.release(plugin));
      t.equal(died, step, 'it died where the effect is');
      t.same(await leftIn(machine), NOTHING_LEFT);
      t.equal(await plugin.stop(), 0);
    });

  await t.test('a plugin that nobody calls again takes down what no record knows', async (t) => {
    const plugin = await start('krbd/map');
    const volumeId = await create(plugin, 'abandoned', EXT4, 64n * MIB);
    const use = new Use(machine, volumeId, EXT4);
    await t.rejects(use.attach(plugin));
    t.equal(await plugin.ended, 'SIGKILL');
    await machine.run('rm', '-r', `${machine.folder}/state/volumes`);
    const next = await start();
    await next.logged(({ msg }) => msg === 'took down a mapping that nothing used');
    t.same(await leftIn(machine), NOTHING_LEFT);
    t.equal(await next.stop(), 0);
  });
});
