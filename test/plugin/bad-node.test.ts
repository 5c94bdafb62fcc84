import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { findProcesses } from '../../src/dev/processes.js';
import { VolumeCapability_AccessMode_Mode as Mode } from '../../src/proto/csi/v1/csi_pb.js';
import { startCeph } from '../lab/ceph.js';
import { loopsBelow, mountsBelow } from '../lab/folder.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { codeOf } from '../lab/plugin.js';
import { allRefused, blockAs, createVolume, MIB, mountAs, Plugins, refused } from './refusal.js';

const ceph = await startCeph();
const plugins = new Plugins();
const plugin = await plugins.start({ clusters: [ceph.settings] });
const { controller, node, folder } = plugin;

let made = 0;

/** A folder as an orchestrator makes it before it calls. */
function fresh(): string {
  const path = join(folder, `path-${++made}`);
  mkdirSync(path);
  return path;
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** What a volume has on this node. */
function onNode(): { mounts: string[]; loops: string[]; state: string[] } {
  const volumes = join(folder, 'state', 'volumes');
  return {
    mounts: mountsBelow(folder),
    loops: loopsBelow(folder),
    state: existsSync(volumes) ? readdirSync(volumes) : [],
  };
}
const NOWHERE = { mounts: [], loops: [], state: [] };

/** A volume, the requests of its life, and its end. */
async function volume(name: string, bytes = 64n * MIB, capability = mountAs()) {
  const volumeId = await createVolume(plugin, name, bytes);
  const stagingTargetPath = fresh();
  const targetPath = join(fresh(), 'target');
  const base = { volumeId, stagingTargetPath, volumeCapability: capability };
  const publish = { ...base, targetPath };
  return {
    volumeId,
    stagingTargetPath,
    targetPath,
    base,
    stage: () => node.nodeStageVolume(base),
    unstage: () => node.nodeUnstageVolume(base),
    publish: (path = targetPath) => node.nodePublishVolume({ ...publish, targetPath: path }),
    unpublish: (path = targetPath) => node.nodeUnpublishVolume({ volumeId, targetPath: path }),
    delete: () => controller.deleteVolume({ volumeId }),
  };
}

t.test('a target that is in the way is refused and left as it is', async (t) => {
  const it = await volume('targets');
  await refused(t, it.publish(), 'FAILED_PRECONDITION', it.volumeId, 'NodeStageVolume first');
  await it.stage();
  const file = join(fresh(), 'file');
  writeFileSync(file, 'mine');
  const full = fresh();
  writeFileSync(join(full, 'file'), 'mine');
  const mounted = fresh();
  run('mount', '-t', 'tmpfs', 'tmpfs', mounted);
  const before = onNode();
  await refused(t, it.publish(file), 'ALREADY_EXISTS', 'target_path', file, 'not a directory');
  await refused(t, it.publish(full), 'ALREADY_EXISTS', 'target_path', full, 'holds files');
  await refused(t, it.publish(mounted), 'ALREADY_EXISTS', 'target_path', mounted, 'tmpfs');
  await refused(
    t,
    it.publish(join(folder, 'no', 'parent')),
    'INVALID_ARGUMENT',
    'target_path',
    join(folder, 'no'),
  );
  t.equal(readFileSync(file, 'utf8'), 'mine');
  t.equal(readFileSync(join(full, 'file'), 'utf8'), 'mine');
  t.same(onNode(), before, 'nothing is half made');
  run('umount', mounted);

  const elsewhere = { ...it.base, targetPath: it.targetPath, stagingTargetPath: fresh() };
  await refused(
    t,
    node.nodePublishVolume(elsewhere),
    'FAILED_PRECONDITION',
    elsewhere.stagingTargetPath,
  );
  await refused(
    t,
    node.nodePublishVolume({ ...elsewhere, stagingTargetPath: '' }),
    'FAILED_PRECONDITION',
    'staging_target_path',
  );
  await refused(
    t,
    node.nodePublishVolume({ ...it.base, targetPath: it.targetPath, volumeCapability: blockAs() }),
    'ALREADY_EXISTS',
    it.stagingTargetPath,
  );
  await it.publish();
  await refused(t, it.publish(join(fresh(), 'second')), 'FAILED_PRECONDITION', it.targetPath);
  await refused(
    t,
    node.nodePublishVolume({ ...it.base, targetPath: it.targetPath, readonly: true }),
    'ALREADY_EXISTS',
    'readonly false',
  );
  await refused(t, it.unstage(), 'FAILED_PRECONDITION', it.targetPath);
  await refused(
    t,
    node.nodeGetVolumeStats({ volumeId: it.volumeId, volumePath: full }),
    'NOT_FOUND',
    full,
  );
  await it.unpublish();
  await it.unstage();
  await it.delete();
  t.same(onNode(), NOWHERE);
});

t.test('a staging path that will not do is refused, and the right one works', async (t) => {
  const it = await volume('staging');
  const file = join(fresh(), 'file');
  writeFileSync(file, 'mine');
  const mounted = fresh();
  run('mount', '-t', 'tmpfs', 'tmpfs', mounted);
  const at = (stagingTargetPath: string) => node.nodeStageVolume({ ...it.base, stagingTargetPath });
  await refused(t, at(file), 'ALREADY_EXISTS', 'staging_target_path', file);
  await refused(t, at(mounted), 'ALREADY_EXISTS', 'staging_target_path', 'tmpfs');
  const none = join(folder, 'none');
  await refused(t, at(none), 'INVALID_ARGUMENT', 'staging_target_path', none);
  run('umount', mounted);
  t.same(onNode(), NOWHERE);
  await it.stage();
  await it.unstage();
  await it.delete();
});

t.test('a file system that cannot be made or mounted leaves nothing behind', async (t) => {
  const it = await volume('mkfs', 16n * MIB);
  const as = (fsType: string, mountFlags: string[] = []) =>
    node.nodeStageVolume({
      ...it.base,
      volumeCapability: {
        accessMode: { mode: Mode.SINGLE_NODE_WRITER },
        accessType: { case: 'mount', value: { fsType, mountFlags } },
      },
    });
  await refused(t, as('xfs'), 'INTERNAL', 'mkfs.xfs failed', it.volumeId);
  t.same(onNode(), NOWHERE, 'after mkfs');
  for (const flag of ['nosuchflag', 'bind', 'x-systemd.automount', 'remount,ro'])
    await refused(t, as('ext4', [flag]), 'INVALID_ARGUMENT', 'mount_flags');
  t.same(onNode(), NOWHERE, 'after mount');
  await as('ext4', ['noatime']);
  await refused(t, as('xfs'), 'ALREADY_EXISTS', 'ext4');
  await it.unstage();
  await refused(t, as('xfs'), 'FAILED_PRECONDITION', 'it holds ext4, and fs_type asks for xfs');
  t.same(onNode(), NOWHERE, 'after a file system of another kind');
  await as('');
  await it.unstage();
  await it.delete();

  const tiny = await volume('tiny', 1n);
  await refused(t, tiny.stage(), 'INTERNAL', tiny.volumeId);
  t.same(onNode(), NOWHERE, 'after a device without a sector');
  await tiny.delete();
});

t.test('a device that vanished is told, cleaned away, and made anew', async (t) => {
  for (const capability of [mountAs(), blockAs()]) {
    const it = await volume('vanish', 64n * MIB, capability);
    await it.stage();
    await it.publish();
    const spec = it.volumeId.slice(`${ceph.name}/`.length);
    const status = await ceph.rbd('status', '--format', 'json', spec);
    const { watchers } = JSON.parse(status) as { watchers: { address: string }[] };
    const serving = findProcesses((args) => args.some((arg) => arg.startsWith(`${folder}/state/`)));
    t.equal(serving.length, 1);
    for (const { pid } of serving) process.kill(pid, 'SIGKILL');
    while (findProcesses((args) => args.some((arg) => arg.startsWith(`${folder}/state/`))).length)
      await sleep(20);
    const { volumeId, targetPath: volumePath } = it;
    const gone = ['the device of volume', volumeId, 'stage it again'];
    await allRefused(
      t,
      [
        it.publish(join(fresh(), 'other')),
        node.nodeGetVolumeStats({ volumeId, volumePath }),
        node.nodeExpandVolume({ volumeId, volumePath }),
      ],
      'FAILED_PRECONDITION',
      ...gone,
    );
    await it.unpublish();
    await it.unstage();
    t.same(onNode(), NOWHERE);
    // Ceph would forget the dead client by itself, half a minute later.
    for (const { address } of watchers) await ceph.ceph('osd', 'blocklist', 'add', address);
    await it.stage();
    await it.publish();
    t.equal(
      (await node.nodeGetVolumeStats({ volumeId, volumePath })).usage[0]?.total !== undefined,
      true,
    );
    await it.unpublish();
    await it.unstage();
    await it.delete();
    t.same(await whatIsLeft(ceph, folder), NOTHING);
  }
});

t.test('a state directory that cannot be written stops a call before it begins', async (t) => {
  const it = await volume('state');
  const state = join(folder, 'state');
  const readOnly = () => {
    run('mount', '--bind', state, state);
    run('mount', '-o', 'remount,bind,ro', state);
  };
  readOnly();
  const parts = ['cannot write', state, 'Make the state directory writable'];
  await refused(t, it.stage(), 'INTERNAL', ...parts);
  await refused(t, it.unstage(), 'INTERNAL', ...parts);
  await refused(t, it.unpublish(), 'INTERNAL', ...parts);
  t.same(loopsBelow(folder), []);
  t.equal(await codeOf(plugin.identity.probe({})), 'OK');
  run('umount', state);
  await it.stage();
  readOnly();
  await refused(t, it.publish(), 'INTERNAL', ...parts);
  t.notOk(existsSync(it.targetPath), 'nothing is half made');
  run('umount', state);
  await it.publish();
  writeFileSync(join(it.targetPath, 'file'), 'written');
  readOnly();
  await refused(t, it.unpublish(), 'INTERNAL', ...parts);
  t.equal(readFileSync(join(it.targetPath, 'file'), 'utf8'), 'written');
  run('umount', state);
  await it.unpublish();
  await it.unstage();
  await it.delete();
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test('no log betrays a key, and no error was unforeseen', async (t) => {
  t.same(plugins.betrayals([ceph.key]), []);
  t.same(plugins.unforeseen(), []);
});
