import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { connect } from '../../src/csi/wire/client.js';
import { Node } from '../../src/proto/csi/v1/csi_pb.js';
import { startCeph } from '../lab/ceph.js';
import { loopsBelow, mountsBelow } from '../lab/folder.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { codeOf, type LabPlugin, startPlugin } from '../lab/plugin.js';
import { createVolume, MIB, mountAs } from './refusal.js';

/** Mesos waits so long for any answer. */
const MESOS_MS = 60_000;
const OUTAGE_MS = 20_000;
const QUOTA = 1n << 30n;

const ceph = await startCeph({
  own: true,
  settings: { 'osd pool default read lease ratio': '20' },
});
const healthy = await startCeph();
const env = { PANNIER_OUTAGES: 'bridge' };

const DAEMONS = ['mon', 'osd'] as const;

async function ids({ controller }: LabPlugin): Promise<string[]> {
  const { entries } = await within(controller.listVolumes({}));
  return entries.map(({ volume }) => volume?.volumeId ?? '').sort();
}

async function room({ controller }: LabPlugin): Promise<bigint> {
  return (await within(controller.getCapacity({}))).availableCapacity;
}

/** Fails where an answer takes longer than Mesos waits. */
async function within<T>(answer: Promise<T>): Promise<T> {
  const late = new AbortController();
  const limit = sleep(MESOS_MS, undefined, { signal: late.signal }).then(
    () => Promise.reject(new Error('no answer in time')),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([answer, limit]);
  } finally {
    late.abort();
  }
}

t.test(
  'a plugin that starts while its cluster is away answers Probe, ListVolumes and GetCapacity',
  async (t) => {
    const dead = { ...ceph.settings, name: 'dead', conf: undefined, monitors: ['127.0.0.1:1'] };
    const plugin = await startPlugin({ clusters: [dead], mode: 'controller', env });
    t.ok((await plugin.identity.probe({})).ready);
    t.same(await ids(plugin), [], 'none that is known');
    t.equal(await room(plugin), 0n);
    t.ok(plugin.log.some(({ msg }) => msg === 'answers what was known last'));
    t.equal(await plugin.stop(), 0);
  },
);

for (const daemon of DAEMONS)
  t.test(
    `${daemon} stands still: both clusters are listed, with the room that there was`,
    async (t) => {
      const plugin = await startPlugin({
        clusters: [
          { ...ceph.settings, quotas: { [ceph.pool]: QUOTA } },
          { ...healthy.settings, name: 'healthy' },
        ],
        ...{ mode: 'controller', env },
      });
      const here = await createVolume(plugin, `bridge-${daemon}`, 4n * MIB);
      const there = await createVolume(plugin, `bridge-${daemon}`, 4n * MIB, {
        parameters: { cluster: 'healthy' },
      });
      const all = [here, there].sort();
      t.same(await ids(plugin), all);
      t.equal(await room(plugin), QUOTA - 4n * MIB);
      await ceph.pause(daemon);
      try {
        t.same(await ids(plugin), all, 'as it was');
        t.equal(await room(plugin), QUOTA - 4n * MIB);
        t.ok((await plugin.identity.probe({})).ready);
        await plugin.controller.deleteVolume({ volumeId: there });
        t.same(await ids(plugin), [here], 'the other cluster as it is');
      } finally {
        await ceph.resume(daemon);
      }
      await plugin.logged(({ msg }) => msg === 'answers what was known last');
      await plugin.controller.deleteVolume({ volumeId: here });
      t.same(await ids(plugin), []);
      t.equal(await plugin.stop(), 0);
    },
  );

t.test('calls that Mesos makes once outlast 20 s without a monitor or an OSD', async (t) => {
  const plugin = await startPlugin({ clusters: [ceph.settings], env, nodeId: 'bridge-node' });
  const { controller, node, folder } = plugin;
  const stagingTargetPath = join(folder, 'staging');
  mkdirSync(stagingTargetPath);
  const volumeId = await createVolume(plugin, 'bridge-outage', 64n * MIB);
  const volumeCapability = mountAs();
  for (const daemon of DAEMONS) {
    await ceph.pause(daemon);
    const calls = within(
      (async () => {
        await controller.controllerPublishVolume({
          ...{ volumeId, volumeCapability, nodeId: 'bridge-node' },
        });
        await node.nodeStageVolume({ volumeId, stagingTargetPath, volumeCapability });
      })(),
    );
    await sleep(OUTAGE_MS);
    await ceph.resume(daemon);
    t.equal(await codeOf(calls), 'OK', daemon);
    await node.nodeUnstageVolume({ volumeId, stagingTargetPath });
    await controller.controllerUnpublishVolume({ volumeId, nodeId: 'bridge-node' });
  }
  await controller.deleteVolume({ volumeId });
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test(
  'a NodeStageVolume whose caller has gone goes on, and the next one finds it done',
  async (t) => {
    const plugin = await startPlugin({ clusters: [ceph.settings], nodeId: 'bridge-node' });
    const { controller, node, folder } = plugin;
    const stagingTargetPath = join(folder, 'staging');
    mkdirSync(stagingTargetPath);
    const volumeId = await createVolume(plugin, 'bridge-left', 64n * MIB);
    const stage = { volumeId, stagingTargetPath, volumeCapability: mountAs() };
    const hasty = connect(plugin.endpoint, { limitMs: 50 });
    t.equal(await codeOf(hasty.service(Node).nodeStageVolume(stage)), 'DEADLINE_EXCEEDED');
    hasty.close();
    await plugin.logged(
      ({ rpc, code, callerLeft }) =>
        rpc === 'NodeStageVolume' && code === 'OK' && callerLeft === true,
      MESOS_MS,
    );
    const made = () => plugin.log.filter(({ effect }) => effect === 'stage/make-fs').length;
    t.equal(made(), 1);
    await Promise.all([node.nodeStageVolume(stage), node.nodeStageVolume(stage)]);
    t.equal(made(), 1, 'nothing is formatted again');
    await node.nodeUnstageVolume(stage);
    await controller.deleteVolume({ volumeId });
    t.same(await whatIsLeft(ceph, folder), NOTHING);
  },
);

/** What a node loses when it starts anew: its Ceph clients die without a word, and Ceph remembers them for a while. */
function reboot(folder: string): void {
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number))
    if (commandOf(pid).startsWith('rbd-fuse') && commandOf(pid).includes(`${folder}/`))
      process.kill(pid, 'SIGKILL');
  const paths = mountsBelow(folder);
  for (const path of paths.reverse()) execFileSync('umount', ['--lazy', path]);
  for (const device of loopsBelow(folder)) execFileSync('losetup', ['--detach', device]);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

t.test('after a reboot a volume is staged and published again, with its files', async (t) => {
  const options = { clusters: [ceph.settings], nodeId: 'bridge-node', env } as const;
  const before = await startPlugin(options);
  const { folder } = before;
  const stagingTargetPath = join(folder, 'staging');
  const targetPath = join(folder, 'mounts', 'target');
  for (const path of [stagingTargetPath, join(folder, 'mounts')]) mkdirSync(path);
  const volumeId = await createVolume(before, 'bridge-reboot', 64n * MIB);
  const volumeCapability = mountAs();
  const stage = { volumeId, stagingTargetPath, volumeCapability };
  const publish = { ...stage, targetPath };
  const nodeId = 'bridge-node';
  await before.controller.controllerPublishVolume({ volumeId, nodeId, volumeCapability });
  await before.node.nodeStageVolume(stage);
  await before.node.nodePublishVolume(publish);
  await before.node.nodeStageVolume(stage);
  await before.node.nodePublishVolume(publish);
  writeFileSync(join(targetPath, 'file'), 'bytes');
  execFileSync('sync', ['-f', targetPath]);
  await before.stop('SIGKILL');
  reboot(folder);

  const after = await startPlugin({ ...options, folder });
  await after.node.nodeStageVolume(stage);
  t.ok(existsSync(stagingTargetPath));
  await after.node.nodePublishVolume(publish);
  t.equal(readFileSync(join(targetPath, 'file'), 'utf8'), 'bytes');
  t.notOk(
    after.log.some(({ effect }) => effect === 'stage/make-fs'),
    'nothing is formatted',
  );
  await after.node.nodeUnpublishVolume({ volumeId, targetPath });
  t.notOk(existsSync(targetPath), 'the target goes');
  await after.node.nodeUnstageVolume(stage);
  t.ok(existsSync(stagingTargetPath), 'the staging directory stays');
  await after.controller.controllerUnpublishVolume({ volumeId, nodeId });
  await after.controller.deleteVolume({ volumeId });
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});
