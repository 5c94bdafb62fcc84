import t from 'tap';
import { startMachine } from '../lab/machine/machine.js';
import { startPluginOn } from '../lab/machine/plugin.js';
import { blockAs, create, MIB, mountAs, startCephForMachines, Use } from './krbd-site.js';

t.test('rbd-fuse on the kernel of Debian 12: volumes grow in use', async (t) => {
  const ceph = await startCephForMachines();
  const machine = await startMachine('m1', { modules: ['fuse', 'loop'] });
  const plugin = await startPluginOn(machine, {
    clusters: [ceph.settings],
    env: { PANNIER_MAPPER: 'fuse' },
  });
  for (const [name, capability, mebibytes] of [
    ['ext4', mountAs('ext4'), 64n],
    ['xfs', mountAs('xfs'), 400n],
    ['btrfs', mountAs('btrfs'), 256n],
    ['block', blockAs(), 8n],
  ] as const)
    await t.test(name, async (t) => {
      const volumeId = await create(plugin, name, capability, mebibytes * MIB);
      const use = new Use(machine, volumeId, capability);
      await use.attach(plugin);
      const grown = 2n * mebibytes * MIB;
      const size = async () =>
        name === 'block'
          ? Number(await machine.run('blockdev', '--getsize64', use.target))
          : Number(await machine.run('findmnt', '-nbo', 'SIZE', '--mountpoint', use.target));
      if (name !== 'block') await use.write('file', 'hello');
      await use.expand(plugin, grown);
      t.ok((await size()) > 0.75 * Number(grown), 'it is larger');
      if (name !== 'block') t.equal(await use.read('file'), 'hello');
      await use.release(plugin);
      t.notMatch(await machine.run('losetup', '--list'), /loop/, 'nothing is left');
    });
});
