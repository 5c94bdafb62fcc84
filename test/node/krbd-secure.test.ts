import t from 'tap';
import { startMachine } from '../lab/machine/machine.js';
import { startPluginOn } from '../lab/machine/plugin.js';
import {
  create,
  leftIn,
  MIB,
  mountAs,
  NOTHING_LEFT,
  startCephForMachines,
  Use,
} from './krbd-site.js';

const MODES = ['cluster', 'service', 'client', 'mon cluster', 'mon service', 'mon client'];
/** The second protocol alone, and everything encrypted. */
const SECURE = Object.fromEntries([
  ['ms bind msgr1', 'false'],
  ...MODES.map((mode) => [`ms ${mode} mode`, 'secure']),
]);

t.test('the kernel uses a Ceph that encrypts all that goes over the wire', async (t) => {
  const ceph = await startCephForMachines({ settings: SECURE });
  const machine = await startMachine('m1');
  const plugin = await startPluginOn(machine, { clusters: [ceph.settings] });
  const volumeId = await create(plugin, 'secure', mountAs('ext4'), 64n * MIB);
  const use = new Use(machine, volumeId, mountAs('ext4'));
  await use.attach(plugin);
  await use.write('file', 'hello');
  t.equal(await use.read('file'), 'hello');
  await use.release(plugin);
  t.same(await leftIn(machine), NOTHING_LEFT);
  t.equal(await plugin.stop(), 0);
});
