import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { VolumeCapability_AccessMode_Mode as Mode } from '../../src/proto/csi/v1/csi_pb.js';
import { pannier } from '../cli/pannier.js';
import { type LabCeph, startCeph } from '../lab/ceph.js';
import { labFolder } from '../lab/folder.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { codeOf, type LabPlugin, startPlugin } from '../lab/plugin.js';
import { blockAs, createVolume, MIB, mountAs, refused } from './refusal.js';

const ceph = await startCeph();
const GIB = 1n << 30n;

/** A plugin as one host's Mesos agent runs it. */
function hostPlugin(ofCeph: LabCeph, more: { hostId?: string; folder?: string; quota?: string }) {
  const { hostId, folder, quota } = more;
  const env = {
    PANNIER_SCOPE: 'host',
    ...(hostId === undefined ? {} : { PANNIER_HOST_ID: hostId }),
    ...(quota === undefined ? {} : { PANNIER_CEPH_QUOTA: quota }),
  };
  return startPlugin({
    ...{ clusters: [ofCeph.settings], mode: 'controller', env },
    ...(folder === undefined ? {} : { folder }),
  });
}

async function ids({ controller }: LabPlugin): Promise<string[]> {
  const { entries } = await controller.listVolumes({});
  return entries.map(({ volume }) => volume?.volumeId ?? '').sort();
}

async function room({ controller }: LabPlugin, parameters = {}): Promise<bigint> {
  const request = { volumeCapabilities: [mountAs()], parameters };
  return (await controller.getCapacity(request)).availableCapacity;
}

async function clean(t: Test, ofCeph: LabCeph, plugin: LabPlugin, ...volumes: string[]) {
  for (const volumeId of volumes) await plugin.controller.deleteVolume({ volumeId });
  t.same(await whatIsLeft(ofCeph, plugin.folder), NOTHING);
}

/** What `-check` says of the host. */
async function checked(folder: string): Promise<{ ok: boolean; detail: string } | undefined> {
  const config = `-config=${join(folder, 'pannier.hcl')}`;
  const { stdout } = await pannier(['plugin', 'run', config, '-check', '-json', '-scope=host']);
  const found: Array<{ subject: string; ok: boolean; detail: string }> = JSON.parse(stdout);
  return found.find(({ subject }) => subject === 'host');
}

t.test('two hosts over one pool: each has its own, until one is moved', async (t) => {
  const one = await hostPlugin(ceph, { hostId: 'one' });
  const two = await hostPlugin(ceph, { hostId: 'two' });
  const volumeId = await createVolume(one, 'host-data', 4n * MIB);
  const other = await createVolume(two, 'host-logs', 4n * MIB);
  t.same([await ids(one), await ids(two)], [[volumeId], [other]]);
  const { volume } = (await one.controller.listVolumes({})).entries[0] ?? {};
  t.match(volume, { capacityBytes: 4n * MIB, volumeContext: { name: 'host-data' } });
  t.same(Object.keys(volume?.volumeContext ?? {}), ['name'], 'frameworks see it as labels');
  await refused(
    t,
    two.controller.deleteVolume({ volumeId }),
    'FAILED_PRECONDITION',
    `volume "${volumeId}" belongs to host "one"`,
    'pannier volume move',
  );
  const ask = { volumeId, volumeCapabilities: [blockAs()], parameters: {}, volumeContext: {} };
  const validated = await two.controller.validateVolumeCapabilities(ask);
  t.equal(validated.confirmed, undefined);
  t.match(validated.message, /belongs to host "one"/);
  t.ok((await one.controller.validateVolumeCapabilities(ask)).confirmed);

  t.match(await two.admin.moveVolume({ volumeId }), { volumeId, host: 'two' });
  t.same([await ids(one), await ids(two)], [[], [other, volumeId].sort()]);
  t.match((await two.admin.inspectVolume({ volumeId })).record, { host: 'two', state: 'whole' });
  await refused(t, one.controller.deleteVolume({ volumeId }), 'FAILED_PRECONDITION', 'host "two"');
  await refused(
    t,
    one.admin.moveVolume({ volumeId, host: 'a host' }),
    'INVALID_ARGUMENT',
    '"a host"',
  );
  t.same((await two.admin.examine({})).findings, []);
  await clean(t, ceph, two, volumeId, other);
});

t.test('a node stages what its host did not make, and keeps it from being moved', async (t) => {
  const one = await hostPlugin(ceph, { hostId: 'one' });
  const two = await startPlugin({
    ...{ clusters: [ceph.settings], nodeId: 'host-two' },
    env: { PANNIER_SCOPE: 'host', PANNIER_HOST_ID: 'two' },
  });
  const volumeId = await createVolume(one, 'host-moved', 64n * MIB);
  const stagingTargetPath = join(two.folder, 'staging');
  mkdirSync(stagingTargetPath);
  const stage = { volumeId, stagingTargetPath, volumeCapability: mountAs() };
  await two.node.nodeStageVolume(stage);
  await refused(
    t,
    one.admin.moveVolume({ volumeId, host: 'two' }),
    'FAILED_PRECONDITION',
    'in use',
  );
  await two.node.nodeUnstageVolume(stage);
  await one.admin.moveVolume({ volumeId, host: 'two' });
  const publish = { volumeId, nodeId: 'host-two', volumeCapability: mountAs() };
  await refused(
    t,
    one.controller.controllerPublishVolume(publish),
    'FAILED_PRECONDITION',
    'belongs to host "two"',
  );
  await two.controller.controllerPublishVolume(publish);
  await refused(
    t,
    two.admin.moveVolume({ volumeId, host: 'one' }),
    'FAILED_PRECONDITION',
    'node "host-two"',
  );
  await two.controller.controllerUnpublishVolume({ volumeId, nodeId: 'host-two' });
  await clean(t, ceph, two, volumeId);
});

t.test(
  "a host's id is kept in the state directory, and made of the machine's again where that is lost",
  async (t) => {
    const folder = labFolder();
    const file = join(folder, 'state', 'host-id');
    const first = await hostPlugin(ceph, { folder });
    const volumeId = await createVolume(first, 'kept-host', MIB);
    const id = readFileSync(file, 'utf8').trim();
    t.match(id, /^lab-node-[0-9a-f]{12}$/);
    t.ok(first.log.some(({ msg, host }) => msg === 'plugin listens' && host === id));
    t.same({ ...(await first.identity.getPluginInfo({})).manifest }, { host: id });
    await first.stop('SIGKILL');
    const second = await hostPlugin(ceph, { folder });
    t.same(await ids(second), [volumeId]);
    await second.stop();
    rmSync(file);
    const third = await hostPlugin(ceph, { folder });
    t.same(await ids(third), [volumeId], 'of a machine that has an id');
    t.equal(readFileSync(file, 'utf8').trim(), id);
    await third.controller.deleteVolume({ volumeId });
    await third.stop();
    writeFileSync(file, 'no id\n');
    const refusing = await startPlugin({
      ...{ clusters: [ceph.settings], mode: 'controller', folder, diesAtStart: true },
      env: { PANNIER_SCOPE: 'host' },
    });
    t.equal(await refusing.ended, 1);
    t.match(refusing.stderr, /host-id: it holds no host id/);
    t.equal(readFileSync(file, 'utf8'), 'no id\n', 'what is damaged is not written over');
    t.match(await checked(folder), { ok: false, detail: /it holds no host id/ });
    rmSync(file);
    t.match(await checked(folder), { ok: true, detail: /made by the first start/ });
    t.notOk(existsSync(file), 'a check makes none');
    writeFileSync(file, `${id}\n`);
    t.match(await checked(folder), { ok: true, detail: `its volumes belong to "${id}"` });
  },
);

t.test('capacity is the quota less what was promised, and a bad profile has none', async (t) => {
  const own = await ceph.inFreshPool();
  const one = await hostPlugin(own, { hostId: 'one', quota: '1GiB' });
  const two = await hostPlugin(own, { hostId: 'two', quota: `${own.pool}=2GiB` });
  t.equal(await room(one), GIB);
  const volumeId = await createVolume(one, 'quota', 300n * MIB + 1n);
  t.equal(await room(one), 723n * MIB, 'in whole MiB');
  t.equal(await room(one), 723n * MIB, 'and it does not grow back');
  t.equal(await room(two), 2n * GIB, 'each host has its own');
  await refused(t, createVolume(one, 'more', GIB), 'RESOURCE_EXHAUSTED', 'quota of pool');
  t.equal(await room(one), 723n * MIB);
  for (const parameters of [{ poool: 'x' }, { pool: 'no-such-pool' }, { namespace: 'nope' }])
    for (let time = 0; time < 3; time++) t.equal(await room(one, parameters), 0n);
  const bad = mountAs('', Mode.UNKNOWN);
  const { availableCapacity } = await one.controller.getCapacity({ volumeCapabilities: [bad] });
  t.equal(availableCapacity, 0n);
  const told = () => one.log.filter(({ msg }) => msg.startsWith('GetCapacity answers 0'));
  await one.logged(() => told().length >= 4);
  const lines = told();
  t.equal(lines.length, 4, 'each is told once');
  t.match(lines[0], { level: 'warn', parameters: { poool: 'x' }, problem: /"poool".*"pool"/ });
  await two.stop();
  await clean(t, own, one, volumeId);
});

t.test('images that Pannier did not create are volumes where the operator says so', async (t) => {
  const own = await ceph.inFreshPool();
  const archive = await ceph.freshPool();
  await ceph.rbd('namespace', 'create', `${archive}/team`);
  await own.rbd('create', '--size=3M', `${own.pool}/hidden`);
  await own.rbd('create', '--size=5M', `${archive}/old`);
  await own.rbd('create', '--size=7M', `${archive}/team/older`);
  const plugin = await startPlugin({
    ...{ clusters: [own.settings], mode: 'controller' },
    env: { PANNIER_CEPH_FOREIGN_IMAGES: `${archive},${archive}/team` },
  });
  const { controller } = plugin;
  const [old, older] = [`ceph/${archive}/old`, `ceph/${archive}/team/older`];
  const { entries } = await controller.listVolumes({});
  t.match(
    entries.map(({ volume }) => volume),
    [
      { volumeId: old, capacityBytes: 5n * MIB, volumeContext: {} },
      { volumeId: older, capacityBytes: 7n * MIB },
    ],
  );
  const capability = mountAs('ext4', Mode.SINGLE_NODE_WRITER);
  const parameters = { pool: archive, imageFeatures: 'layering' };
  const volumeContext = { label: 'x' };
  const { confirmed } = await controller.validateVolumeCapabilities({
    ...{ volumeId: old, parameters, volumeContext, volumeCapabilities: [capability] },
  });
  t.same({ ...confirmed?.parameters }, parameters);
  t.same({ ...confirmed?.volumeContext }, volumeContext);
  t.match(confirmed?.volumeCapabilities, [capability]);
  await refused(t, controller.deleteVolume({ volumeId: old }), 'FAILED_PRECONDITION', 'rbd rm');
  t.equal(await codeOf(controller.deleteVolume({ volumeId: `ceph/${archive}/gone` })), 'OK');
  t.match(await own.rbd('ls', archive), /^old$/m);
});
