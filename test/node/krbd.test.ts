import t from 'tap';
import { startMachine } from '../lab/machine/machine.js';
import { startPluginOn } from '../lab/machine/plugin.js';
import {
  answerOf,
  blockAs,
  create,
  devicesOf,
  leftIn,
  MIB,
  Mode,
  mountAs,
  NOTHING_LEFT,
  startCephForMachines,
  Use,
} from './krbd-site.js';

t.test('volumes on a machine with a kernel that has rbd', async (t) => {
  const ceph = await startCephForMachines();
  const machine = await startMachine('m1');
  const start = () => startPluginOn(machine, { clusters: [ceph.settings] });
  let plugin = await start();
  const nothingIsLeft = async () => t.same(await leftIn(machine), NOTHING_LEFT, 'nothing is left');

  for (const [fsType, mebibytes] of [
    ['ext4', 64n],
    ['xfs', 400n],
    ['btrfs', 256n],
  ] as const)
    await t.test(
      `${fsType}: written, grown in use, and there when it is staged again`,
      async (t) => {
        const capability = mountAs(fsType);
        const volumeId = await create(plugin, fsType, capability, mebibytes * MIB);
        const use = new Use(machine, volumeId, capability);
        await use.attach(plugin);
        t.match(await machine.run('findmnt', '-no', 'SOURCE', use.target), /^\/dev\/rbd\d+$/m);
        await use.write('file', 'hello');
        const size = async () =>
          Number(await machine.run('findmnt', '-nbo', 'SIZE', '--mountpoint', use.target));
        const before = await size();
        await use.expand(plugin, 2n * mebibytes * MIB);
        t.ok((await size()) > 1.5 * before, 'it is larger');
        await use.release(plugin);
        await nothingIsLeft();
        await use.attach(plugin);
        t.equal(await use.read('file'), 'hello');
        await use.release(plugin);
      },
    );

  await t.test('raw block: what is written is read elsewhere, and it grows in use', async (t) => {
    const volumeId = await create(plugin, 'block', blockAs(), 8n * MIB);
    const use = new Use(machine, volumeId, blockAs());
    await use.attach(plugin);
    const text = 'x'.repeat(4096);
    await machine.runWith(text, 'dd', `of=${use.target}`, 'conv=notrunc,fsync', 'status=none');
    await use.expand(plugin, 16n * MIB);
    t.equal((await machine.run('blockdev', '--getsize64', use.target)).trim(), `${16n * MIB}`);
    await use.release(plugin);
    await nothingIsLeft();
    const image = volumeId.slice(ceph.name.length + 1);
    const bytes = await ceph.rbd('export', '--no-progress', image, '-');
    t.equal(bytes.slice(0, 4096), text);
  });

  await t.test('a read-only target of a writable block volume cannot be written', async (t) => {
    const volumeId = await create(plugin, 'half', blockAs(), 8n * MIB);
    const use = new Use(machine, volumeId, blockAs());
    await use.stage(plugin);
    await use.publish(plugin, true);
    t.equal((await devicesOf(machine)).length, 2, 'it has a device of its own');
    await t.rejects(machine.runWith('x', 'dd', `of=${use.target}`), /not permitted|Read-only/);
    await use.unpublish(plugin);
    t.equal((await devicesOf(machine)).length, 1, 'which goes with it');
    await use.unstage(plugin);
    await nothingIsLeft();
  });

  await t.test('a volume that only readers have is mapped read-only', async (t) => {
    const volumeId = await create(plugin, 'readers', mountAs('ext4'), 64n * MIB);
    const writer = new Use(machine, volumeId, mountAs('ext4'));
    await writer.attach(plugin);
    await writer.write('file', 'hello');
    await writer.release(plugin);
    const reader = new Use(machine, volumeId, mountAs('ext4', Mode.MULTI_NODE_READER_ONLY));
    await reader.attach(plugin);
    t.equal(await reader.read('file'), 'hello');
    const [device = ''] = await devicesOf(machine);
    t.equal((await machine.run('blockdev', '--getro', device)).trim(), '1');
    await reader.release(plugin);
    await nothingIsLeft();
  });

  await t.test('an image in a RADOS namespace', async (t) => {
    await ceph.rbd('namespace', 'create', `${ceph.pool}/inner`);
    const parameters = { namespace: 'inner' };
    const volumeId = await create(plugin, 'deep', mountAs('ext4'), 64n * MIB, parameters);
    const use = new Use(machine, volumeId, mountAs('ext4'));
    await use.attach(plugin);
    await use.write('file', 'deep');
    t.equal(await use.read('file'), 'deep');
    await use.release(plugin);
    await nothingIsLeft();
  });

  await t.test(
    'an image with a feature that the kernel lacks is refused by its name',
    async (t) => {
      const features = 'layering,exclusive-lock,journaling';
      const image = `${ceph.pool}/journaled`;
      await ceph.rbd('create', '--size', '64M', '--image-feature', features, image);
      const use = new Use(machine, `${ceph.name}/${image}`, mountAs('ext4'));
      t.match(
        await answerOf(use.stage(plugin)),
        /^FAILED_PRECONDITION .*does not know the image's features journaling/,
      );
      t.notMatch(machine.console, 'unsupported features', 'the kernel was not asked');
      await nothingIsLeft();
    },
  );

  await t.test('what holds a device keeps it, and is named', async (t) => {
    const volumeId = await create(plugin, 'held', blockAs(), 8n * MIB);
    const use = new Use(machine, volumeId, blockAs());
    await use.stage(plugin);
    const [device = ''] = await devicesOf(machine);
    const holder = await machine.spawn(['flock', '--no-fork', device, 'sleep', '600']);
    t.match(
      await answerOf(use.unstage(plugin)),
      new RegExp(`^FAILED_PRECONDITION .*in use by .*${holder.pid} \\(sleep\\)`),
    );
    holder.kill('SIGKILL');
    await holder.ended;
    await use.unstage(plugin);
    await nothingIsLeft();
  });

  await t.test('a plugin that was killed finds what it had, and takes it down', async (t) => {
    const volumeId = await create(plugin, 'killed', mountAs('xfs'), 400n * MIB);
    const use = new Use(machine, volumeId, mountAs('xfs'));
    await use.attach(plugin);
    await use.write('before', '1');
    await plugin.stop('SIGKILL');
    await use.write('between', '2');
    plugin = await start();
    await use.attach(plugin);
    t.equal((await devicesOf(machine)).length, 1, 'it is not mapped again');
    t.equal(await use.read('between'), '2');
    await use.release(plugin);
    await nothingIsLeft();
  });

  await t.test('what someone else mapped is left alone', async (t) => {
    const image = `${ceph.pool}/by-hand`;
    await ceph.rbd('create', '--size', '8M', image);
    const user = ['-c', ceph.conf, '--id', ceph.user];
    const map = ['rbd', ...user, 'device', 'map', '-o', 'noudev,ro', '--read-only', image];
    const device = (await machine.run(...map)).trim();
    await plugin.stop('SIGKILL');
    plugin = await start();
    const readers = blockAs(Mode.MULTI_NODE_READER_ONLY);
    const use = new Use(machine, `${ceph.name}/${image}`, readers);
    t.match(
      await answerOf(use.stage(plugin)),
      `in use by ${device}, which Pannier did not map on this node`,
    );
    await use.unstage(plugin);
    t.same(await devicesOf(machine), [device]);
    await machine.run('rbd', ...user, 'device', 'unmap', '-o', 'noudev', device);
    await use.attach(plugin);
    await use.release(plugin);
    await nothingIsLeft();
  });

  await t.test('the log says how images are mapped, and never the key', async (t) => {
    t.match(
      plugin.log.find(({ msg }) => msg === 'images are mapped this way'),
      { mapper: 'krbd', passedOver: {} },
    );
    t.notOk(plugin.stderr.includes(ceph.key));
    t.notOk(machine.console.includes(ceph.key));
  });

  t.equal(await plugin.stop(), 0);
});
