import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { isProcess } from '../../src/node/device/daemon.js';
import { FILE_SYSTEMS, type FileSystem } from '../../src/volume/capability.js';
import { startCeph } from '../lab/ceph.js';
import { isStopped } from '../lab/plugin.js';
import { LabNode, MIB, mayGrowMounted, mountAs, NOTHING } from './lab.js';

const ceph = await startCeph();
const GROWN = 640;

t.test('a volume whose device hangs keeps no other one waiting', async (t) => {
  const lab = new LabNode(ceph);
  const node = lab.open();
  const staged = async (fsType: FileSystem) => {
    const { id: volumeId, spec } = await lab.image(320);
    const stage = {
      ...{ volumeId, stagingPath: lab.staging(), capability: mountAs(fsType) },
      credentials: undefined,
    };
    await node.stage(stage);
    return { spec, stage };
  };
  // mkfs.btrfs alone asks for the files behind all mounted loop devices in a way that nothing spares it.
  const btrfs = await staged('btrfs');
  const hung = await staged('ext4');
  const daemon = await daemonOf(lab, hung.spec);
  process.kill(daemon, 'SIGSTOP');
  t.teardown(() => process.kill(daemon, 'SIGCONT'));
  while (!isStopped(daemon)) await sleep(5);

  for (const fsType of FILE_SYSTEMS) {
    const { spec, stage } = fsType === 'btrfs' ? btrfs : await staged(fsType);
    const { volumeId, stagingPath, capability } = stage;
    const targetPath = lab.target();
    await node.publish({ volumeId, stagingPath, targetPath, capability, readonly: false });
    await node.stage(stage);
    await ceph.rbd('resize', '--no-progress', '--size', `${GROWN}M`, spec);
    const bytes = BigInt(GROWN * MIB);
    const range = { requiredBytes: bytes, limitBytes: 0n };
    const { fileSystem, gaps } = await node.inspect(volumeId);
    t.match(fileSystem, { type: fsType, smaller: false });
    t.same(gaps, [], fsType);
    const expand = { volumeId, volumePath: targetPath, range, capability: undefined };
    if (mayGrowMounted(fsType)) t.equal(await node.expand(expand), bytes);
    else await t.rejects(node.expand(expand), { kind: 'cannot-grow', message: /Permission/ });
    await node.unpublish({ volumeId, targetPath });
    await node.unstage({ volumeId, stagingPath });
    await node.stage(stage);
    const [{ total } = { total: 0n }] = await node.usage({ volumeId, volumePath: stagingPath });
    t.ok(total > BigInt(480 * MIB), `${fsType} has ${total} bytes`);
    await node.unstage({ volumeId, stagingPath });
  }
  process.kill(daemon, 'SIGCONT');
  await node.unstage(hung.stage);
  t.strictSame(lab.leftovers(), NOTHING);
});

/** The rbd-fuse of an image. */
async function daemonOf(lab: LabNode, spec: string): Promise<number> {
  const argument = `--image=${spec.split('/').at(-1)}`;
  for (const pid of lab.daemons()) if (await isProcess(pid, argument)) return pid;
  throw new Error(`no rbd-fuse has ${spec}`);
}
