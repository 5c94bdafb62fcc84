import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { connect } from '../../src/csi/wire/client.js';
import {
  Identity,
  VolumeCapability_AccessMode_Mode as Mode,
} from '../../src/proto/csi/v1/csi_pb.js';
import { pannier, type Ran } from '../cli/pannier.js';
import { startCeph } from '../lab/ceph.js';
import { labFolder, mountsBelow } from '../lab/folder.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { codeOf, type LabPlugin, pannierProgram } from '../lab/plugin.js';
import { blockAs, createVolume, MIB, mountAs, Plugins, refused } from './refusal.js';

const ceph = await startCeph();
const plugins = new Plugins();
const clusters = [ceph.settings];

/** A volume that is staged and published, with a file in it. */
async function inUse(plugin: LabPlugin, name: string) {
  const volumeId = await createVolume(plugin, name, 64n * MIB);
  const stagingTargetPath = join(plugin.folder, `staging-${name}`);
  const targetPath = join(plugin.folder, `target-${name}`);
  mkdirSync(stagingTargetPath);
  const stage = { volumeId, stagingTargetPath, volumeCapability: mountAs() };
  const publish = { ...stage, targetPath };
  await plugin.node.nodeStageVolume(stage);
  await plugin.node.nodePublishVolume(publish);
  const file = join(targetPath, 'file');
  writeFileSync(file, name, { flush: true });
  return { volumeId, stage, publish, file };
}

/** Takes a volume down and up again with another plugin: what was written must be there. */
async function goesOn(
  t: Tap,
  { node, controller }: LabPlugin,
  { volumeId, stage, publish, file }: Awaited<ReturnType<typeof inUse>>,
): Promise<void> {
  const text = readFileSync(file, 'utf8');
  await node.nodeStageVolume(stage);
  await node.nodePublishVolume(publish);
  const { usage } = await node.nodeGetVolumeStats({ volumeId, volumePath: publish.targetPath });
  t.equal(usage.length, 2, 'the plugin knows what it had');
  await node.nodeUnpublishVolume({ volumeId, targetPath: publish.targetPath });
  t.notOk(existsSync(publish.targetPath));
  await node.nodeUnstageVolume(stage);
  await node.nodeStageVolume(stage);
  await node.nodePublishVolume(publish);
  t.equal(readFileSync(file, 'utf8'), text, 'nothing was formatted');
  await node.nodeUnpublishVolume({ volumeId, targetPath: publish.targetPath });
  await node.nodeUnstageVolume(stage);
  await controller.deleteVolume({ volumeId });
}

type Tap = Parameters<typeof refused>[0];

t.test('SIGTERM lets the call in flight finish, exits 0, and leaves mounts alone', async (t) => {
  const plugin = await plugins.start({ clusters });
  const { folder, node } = plugin;
  const used = await inUse(plugin, 'drained');
  const volumeId = await createVolume(plugin, 'in-flight', 400n * MIB);
  const stagingTargetPath = join(folder, 'in-flight');
  mkdirSync(stagingTargetPath);
  const stage = { volumeId, stagingTargetPath, volumeCapability: mountAs('xfs') };
  const staging = codeOf(node.nodeStageVolume(stage));
  await plugin.logged(
    ({ msg, rpc, volumeId: id }) =>
      msg === 'call received' && rpc === 'NodeStageVolume' && id === volumeId,
  );
  process.kill(plugin.pid, 'SIGTERM');
  t.equal(await staging, 'OK');
  t.equal(await plugin.ended, 0);
  const told = plugin.log.findIndex(({ msg }) => msg === 'told to stop');
  const done = plugin.log.findIndex(
    ({ msg, volumeId: id, rpc }) =>
      msg === 'call done' && id === volumeId && rpc === 'NodeStageVolume',
  );
  t.ok(told > 0 && told < done, 'the call was in flight when it was told to stop');
  t.equal(plugin.log.at(-1)?.msg, 'plugin ends');
  t.notOk(existsSync(join(folder, 'csi.sock')));

  writeFileSync(used.file, 'written without a plugin', { flush: true });
  writeFileSync(join(stagingTargetPath, 'file'), 'this too', { flush: true });
  const next = await plugins.start({ clusters, folder });
  await goesOn(t, next, used);
  t.equal(readFileSync(join(stagingTargetPath, 'file'), 'utf8'), 'this too');
  await next.node.nodeStageVolume(stage);
  await next.node.nodeUnstageVolume(stage);
  await next.controller.deleteVolume({ volumeId });
  t.same(await whatIsLeft(ceph, folder), NOTHING);
  t.equal(await next.stop('SIGINT'), 0, 'SIGINT does the same');
});

t.test('after kill -9 mounts are usable, and the next plugin takes over', async (t) => {
  const plugin = await plugins.start({ clusters });
  const { folder } = plugin;
  const used = await inUse(plugin, 'killed');
  const mounts = mountsBelow(folder);
  t.equal(await plugin.stop('SIGKILL'), 'SIGKILL');
  t.ok(existsSync(join(folder, 'csi.sock')), 'its socket is stale');
  t.same(mountsBelow(folder), mounts);
  writeFileSync(used.file, 'written without a plugin', { flush: true });
  const next = await plugins.start({ clusters, folder });
  t.same(mountsBelow(folder), mounts, 'a start changes nothing');
  await goesOn(t, next, used);
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test('a socket that is served is never stolen, and -check says so', async (t) => {
  const plugin = await plugins.start({ clusters });
  const config = join(plugin.folder, 'pannier.hcl');
  const socket = join(plugin.folder, 'csi.sock');
  const second = await pannier(['plugin', 'run', `-config=${config}`]);
  t.equal(second.code, 1);
  t.match(second.stderr, `another process listens on ${socket}`);
  t.equal(await codeOf(plugin.identity.probe({})), 'OK', 'the first one goes on');

  const taken = await pannier(['plugin', 'run', `-config=${config}`, '-check', '-json']);
  t.equal(taken.code, 1);
  t.match(findings(taken).endpoint, { ok: false, detail: `another process listens on ${socket}` });
  t.equal(await plugin.stop(), 0);
  const free = await pannier(['plugin', 'run', `-config=${config}`, '-check', '-json']);
  t.match(free, { code: 0, stderr: '' });
  t.match(findings(free), {
    endpoint: { ok: true },
    'cluster "ceph"': { ok: true, detail: /pool "t\w+" can take \d+ bytes/ },
    'state directory': { ok: true },
    mapper: { ok: true, detail: /fuse/ },
  });
  t.match((await pannier(['plugin', 'run', `-config=${config}`, '-check'])).stdout, /^Subject +OK/);
  t.notOk(existsSync(socket), 'a check starts nothing');
});

function findings({ stdout }: Ran): Record<string, { ok: boolean; detail: string }> {
  const list = JSON.parse(stdout) as { subject: string; ok: boolean; detail: string }[];
  return Object.fromEntries(list.map(({ subject, ...rest }) => [subject, rest]));
}

t.test('-check tells every reason why it would not work', async (t) => {
  const folder = labFolder();
  const config = join(folder, 'bad.hcl');
  const { conf, keyFile } = ceph;
  writeFileSync(
    config,
    [
      `endpoint = "unix://${folder}/csi.sock"`,
      `state_dir = "${config}"`,
      'mapper = "krbd"',
      'cluster "dead" {\n  monitors = ["127.0.0.1:1"]',
      `  key_file = "${keyFile}"\n}`,
      `cluster "poor" {\n  conf = "${conf}"\n  key_file = "${keyFile}"\n  pool = "nope"\n}`,
      `cluster "good" {\n  conf = "${conf}"\n  key_file = "${keyFile}"\n  pool = "${ceph.pool}"\n}`,
    ].join('\n'),
  );
  const ran = await pannier(['plugin', 'run', `-config=${config}`, '-check', '-json']);
  t.equal(ran.code, 1);
  t.match(findings(ran), {
    endpoint: { ok: true },
    'cluster "dead"': { ok: false, detail: /does not answer/ },
    'cluster "poor"': { ok: false, detail: /pool "nope" does not exist/ },
    'cluster "good"': { ok: true },
    'state directory': { ok: false, detail: /bad\.hcl/ },
    mapper: { ok: false, detail: /rbd-fuse/ },
  });
});

t.test('-check says why a state directory will not do, and leaves nothing', async (t) => {
  const { conf, keyFile, pool } = ceph;
  const check = async (
    folder: string,
    stateDir: string,
    endpoint = `unix://${folder}/run/csi.sock`,
  ) => {
    const flags = { conf, 'key-file': keyFile, pool };
    const ran = await pannier([
      'plugin',
      'run',
      '-check',
      '-json',
      `-state-dir=${stateDir}`,
      `-endpoint=${endpoint}`,
      ...Object.entries(flags).map(([flag, value]) => `-ceph-${flag}=${value}`),
    ]);
    return { code: ran.code, ...findings(ran) };
  };
  const folder = labFolder();
  t.match(await check(folder, join(folder, 'run', 'state')), {
    code: 0,
    'state directory': { ok: true },
  });
  t.same(readdirSync(folder), [], 'what it made for its try is gone');

  const inTheWay = join(folder, 'in-the-way');
  mkdirSync(inTheWay);
  writeFileSync(join(inTheWay, 'volumes'), '');
  const readonly = join(folder, 'read-only');
  mkdirSync(readonly);
  execFileSync('mount', ['--bind', readonly, readonly]);
  execFileSync('mount', ['-o', 'remount,bind,ro', readonly]);
  const cases = [
    ['/proc/pannier', /cannot write \/proc\/pannier: ENOENT/],
    [inTheWay, /cannot write .*\/volumes: EEXIST/],
    [join(inTheWay, 'volumes', 'deep'), /ENOTDIR/],
    [readonly, /cannot write .*\/read-only: EROFS/],
    [join(readonly, 'below'), /cannot write .*\/read-only\/below: EROFS/],
  ] as const;
  for (const [stateDir, detail] of cases)
    t.match(
      await check(folder, stateDir),
      { code: 1, endpoint: { ok: true }, 'state directory': { ok: false, detail } },
      stateDir,
    );
  t.match(await check(folder, folder, `unix://${readonly}/csi.sock`), {
    code: 1,
    endpoint: { ok: false, detail: /EROFS/ },
  });
  t.match(await check(folder, folder, `unix://${inTheWay}/volumes`), {
    code: 1,
    endpoint: { ok: false, detail: /exists and is not a socket/ },
  });
  t.same(readdirSync(folder).sort(), ['in-the-way', 'read-only']);
});

t.test('mistakes of the configuration are told all at once, with their lines', async (t) => {
  const folder = labFolder();
  const config = join(folder, 'wrong.hcl');
  writeFileSync(
    config,
    `mode = "both"
endpoint = "udp://x"
stat_dir = "/x"
log_level = 5
cluster "a" {
  conf = "/nonexistent/ceph.conf"
  key = "${ceph.key.slice(0, 20)}"
  pool = "a/b"
  pools = ["b"]
}
cluster "a" {
  monitors = ["x"]
}
volume "x" {}
`,
    { mode: 0o600 },
  );
  const ran = await pannier(['plugin', 'run', `-config=${config}`], {
    env: { PANNIER_MAPPER: 'magic' },
  });
  t.match(ran, { code: 2, stdout: '' });
  for (const [line, problem] of [
    [1, 'invalid value "both"'],
    [2, 'invalid value "udp://x"'],
    [3, 'unknown setting "stat_dir"; did you mean "state_dir"?'],
    [4, '"log_level" is a number'],
    [5, 'cannot read its conf'],
    [7, 'key: invalid value'],
    [8, 'pool: invalid value "a/b"'],
    [9, 'unknown setting "pools"; did you mean "pool"?'],
    [11, 'cluster "a" is written twice'],
    [14, 'unknown block "volume"'],
  ] as const) {
    t.match(ran.stderr, problem);
    t.match(ran.stderr, `on ${config}:${line}:`, `line ${line}`);
  }
  t.match(ran.stderr, 'PANNIER_MAPPER: invalid value "magic"');
  t.notMatch(ran.stderr, ceph.key.slice(0, 20), 'and no key');

  const json = await pannier(['plugin', 'run', `-config=${config}`, '-json']);
  t.equal(json.code, 2);
  t.match(JSON.parse(json.stderr).error, { code: 'CONFIG', exitCode: 2 });
  const none = await pannier(['plugin', 'run', `-config=${folder}/none.hcl`]);
  t.match(none, { code: 2, stderr: `cannot read ${folder}/none.hcl` });
});

t.test('the environment alone is enough, with an endpoint of two slashes', async (t) => {
  const folder = labFolder();
  const [node, program] = pannierProgram();
  const { PANNIER_CONFIG: _, ...env } = process.env;
  const child = spawn(node, [program, 'plugin', 'run', '-mode=controller'], {
    env: {
      ...env,
      CSI_ENDPOINT: `unix:/${folder}/csi.sock`,
      PANNIER_MODE: 'node',
      PANNIER_DRIVER_NAME: 'csi.example.org',
      PANNIER_STATE_DIR: join(folder, 'state'),
      PANNIER_CEPH_CONF: ceph.conf,
      PANNIER_CEPH_KEY_FILE: ceph.keyFile,
      PANNIER_CEPH_POOL: ceph.pool,
    },
    stdio: 'ignore',
  });
  t.teardown(() => child.kill('SIGKILL'));
  const exit = new Promise((resolve) => child.once('exit', resolve));
  const connection = connect(`unix://${folder}/csi.sock`);
  t.teardown(() => connection.close());
  const identity = connection.service(Identity);
  while ((await codeOf(identity.probe({}))) !== 'OK' && child.exitCode === null) await sleep(50);
  t.match(await identity.getPluginInfo({}), { name: 'csi.example.org' });
  const { capabilities } = await identity.getPluginCapabilities({});
  t.equal(capabilities.length, 2, 'the flag goes over the environment: it is a controller');
  child.kill('SIGTERM');
  t.equal(await exit, 0);
});

t.test('one writer is one writer, and who has a volume is told', async (t) => {
  const plugin = await plugins.start({ clusters, nodeId: 'node-a' });
  const other = await plugins.start({ clusters, mode: 'node', nodeId: 'node-b' });
  const { controller, folder } = plugin;
  const volumeId = await createVolume(plugin, 'published');
  const publish = (nodeId: string, mode = Mode.SINGLE_NODE_WRITER, readonly = false) =>
    controller.controllerPublishVolume({
      volumeId,
      nodeId,
      volumeCapability: blockAs(mode),
      readonly,
    });
  const nodes = async () => {
    const { volume, status } = await controller.controllerGetVolume({ volumeId });
    t.equal(volume?.volumeId, volumeId);
    const { entries } = await controller.listVolumes({});
    const listed = entries.find((entry) => entry.volume?.volumeId === volumeId);
    t.same(listed?.status?.publishedNodeIds, status?.publishedNodeIds, 'the listing agrees');
    return [...(status?.publishedNodeIds ?? [])].sort();
  };
  t.equal((await other.node.nodeGetInfo({})).nodeId, 'node-b');
  t.same(await nodes(), []);
  await refused(t, publish('node-x'), 'NOT_FOUND', 'node "node-x"', 'cluster "ceph"');
  await publish('node-a');
  await publish('node-a');
  t.same(await nodes(), ['node-a']);
  await refused(
    t,
    publish('node-a', Mode.SINGLE_NODE_WRITER, true),
    'ALREADY_EXISTS',
    'node "node-a"',
    'readonly false',
  );
  for (const mode of [
    Mode.SINGLE_NODE_WRITER,
    Mode.SINGLE_NODE_READER_ONLY,
    Mode.SINGLE_NODE_SINGLE_WRITER,
    Mode.SINGLE_NODE_MULTI_WRITER,
    Mode.MULTI_NODE_MULTI_WRITER,
  ])
    await refused(t, publish('node-b', mode), 'FAILED_PRECONDITION', volumeId, 'node "node-a"');
  await refused(
    t,
    controller.deleteVolume({ volumeId }),
    'FAILED_PRECONDITION',
    volumeId,
    'node "node-a"',
  );
  t.same(await nodes(), ['node-a']);
  await controller.controllerUnpublishVolume({ volumeId, nodeId: 'node-b' });
  t.same(await nodes(), ['node-a'], 'unpublishing elsewhere changes nothing');
  await controller.controllerUnpublishVolume({ volumeId, nodeId: 'node-a' });
  await controller.controllerUnpublishVolume({ volumeId, nodeId: 'node-a' });
  await publish('node-b');
  t.same(await nodes(), ['node-b']);
  await controller.controllerUnpublishVolume({ volumeId, nodeId: 'node-b' });

  for (const node of ['node-a', 'node-b']) await publish(node, Mode.MULTI_NODE_MULTI_WRITER);
  t.same(await nodes(), ['node-a', 'node-b']);
  await refused(t, publish('node-a'), 'ALREADY_EXISTS', 'node "node-a"');
  await refused(
    t,
    controller.deleteVolume({ volumeId }),
    'FAILED_PRECONDITION',
    'node-a',
    'node-b',
  );
  await controller.controllerUnpublishVolume({ volumeId });
  t.same(await nodes(), [], 'without a node it is unpublished everywhere');

  const stage = { volumeId, stagingTargetPath: other.folder, volumeCapability: blockAs() };
  await other.node.nodeStageVolume(stage);
  await refused(
    t,
    controller.deleteVolume({ volumeId }),
    'FAILED_PRECONDITION',
    volumeId,
    /client 127\.0\.0\.1:0\/\d+/,
  );
  t.equal(await codeOf(controller.controllerGetVolume({ volumeId })), 'OK', 'it is still there');
  await refused(
    t,
    plugin.node.nodeStageVolume({ ...stage, stagingTargetPath: folder }),
    'FAILED_PRECONDITION',
    /client 127\.0\.0\.1:0\/\d+/,
  );
  await other.node.nodeUnstageVolume(stage);
  await controller.deleteVolume({ volumeId });
  t.same(await whatIsLeft(ceph, folder), NOTHING);
  t.same(await whatIsLeft(ceph, other.folder), NOTHING);
});

t.test('a volume that is being deleted is neither published nor handed out again', async (t) => {
  const dying = await plugins.start({ clusters, crashAfter: 'delete/mark-deleting' });
  await dying.registered();
  const volumeId = await createVolume(dying, 'half-deleted');
  t.equal(await codeOf(dying.controller.deleteVolume({ volumeId })), 'UNAVAILABLE');
  t.equal(await dying.ended, 'SIGKILL');
  const plugin = await plugins.start({ clusters, folder: dying.folder });
  const { controller, node, folder } = plugin;
  await refused(
    t,
    controller.controllerPublishVolume({
      volumeId,
      nodeId: 'lab-node',
      volumeCapability: blockAs(),
    }),
    'FAILED_PRECONDITION',
    volumeId,
    'being deleted',
  );
  await refused(
    t,
    node.nodeStageVolume({ volumeId, stagingTargetPath: folder, volumeCapability: blockAs() }),
    'FAILED_PRECONDITION',
    volumeId,
  );
  await refused(t, createVolume(plugin, 'half-deleted'), 'ABORTED', volumeId, 'DeleteVolume');
  await controller.deleteVolume({ volumeId });
  t.equal(await createVolume(plugin, 'half-deleted'), volumeId);
  await controller.deleteVolume({ volumeId });
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test('a volume whose pool is gone is gone, and stands in the way of nothing', async (t) => {
  const plugin = await plugins.start({ clusters, mode: 'controller' });
  const { controller, folder } = plugin;
  const pool = await ceph.freshPool();
  const parameters = { pool };
  const volumeId = await createVolume(plugin, 'pool-gone', MIB, { parameters });
  await ceph.ceph('osd', 'pool', 'delete', pool, pool, '--yes-i-really-really-mean-it');
  while ((await codeOf(controller.controllerGetVolume({ volumeId }))) === 'OK') await sleep(100);
  await refused(t, controller.controllerGetVolume({ volumeId }), 'NOT_FOUND', volumeId);
  t.same((await controller.listVolumes({})).entries, []);
  const there = await createVolume(plugin, 'pool-gone', MIB);
  t.not(there, volumeId);
  await controller.deleteVolume({ volumeId });
  t.equal(await codeOf(controller.controllerGetVolume({ volumeId: there })), 'OK');
  await controller.deleteVolume({ volumeId: there });
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test('no log betrays a key, and no error was unforeseen', async (t) => {
  t.same(plugins.betrayals([ceph.key]), []);
  t.same(plugins.unforeseen(), []);
});
