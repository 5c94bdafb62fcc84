import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FILE_SYSTEMS } from '../../src/volume/capability.js';
import { startCeph } from '../lab/ceph.js';
import { blockAs, LabNode, MIB, mayGrowMounted, mountAs, NOTHING, sh } from './lab.js';

const ceph = await startCeph();

for (const fsType of FILE_SYSTEMS)
  t.test(`${fsType}: what is written is there after another stage`, async (t) => {
    const lab = new LabNode(ceph);
    const node = lab.open();
    const { id: volumeId } = await lab.image(fsType === 'xfs' ? 320 : 128);
    const stagingPath = lab.staging();
    const targetPath = lab.target();
    const capability = mountAs(fsType);
    const stage = { volumeId, stagingPath, capability, credentials: undefined };
    const publish = { volumeId, stagingPath, targetPath, capability, readonly: false };

    await node.stage(stage);
    await node.stage(stage);
    await node.publish(publish);
    await node.publish(publish);
    t.equal(lab.mounts().length, 3, 'rbd-fuse, staging and target');
    writeFileSync(join(targetPath, 'file'), 'bytes');
    await node.unpublish({ volumeId, targetPath });
    await node.unpublish({ volumeId, targetPath });
    t.throws(() => statSync(targetPath), 'the target is removed');
    await node.unstage({ volumeId, stagingPath });
    await node.unstage({ volumeId, stagingPath });
    t.strictSame(lab.leftovers(), NOTHING);
    t.ok(statSync(stagingPath).isDirectory(), 'the staging directory is the caller’s');

    const any = mountAs('');
    await node.stage({ ...stage, capability: any });
    t.equal(readFileSync(join(stagingPath, 'file'), 'utf8'), 'bytes');
    await node.unstage({ volumeId, stagingPath });
    t.strictSame(lab.leftovers(), NOTHING);
  });

t.test('a raw block volume is a device at the target', async (t) => {
  const lab = new LabNode(ceph);
  const node = lab.open();
  const { id: volumeId } = await lab.image(16);
  const stagingPath = lab.staging();
  const targetPath = lab.target();
  const capability = blockAs();
  const stage = { volumeId, stagingPath, capability, credentials: undefined };
  const publish = { volumeId, stagingPath, targetPath, capability, readonly: false };
  await node.stage(stage);
  await node.publish(publish);
  await node.publish(publish);
  t.ok(statSync(targetPath).isBlockDevice());
  t.match(await node.usage({ volumeId, volumePath: targetPath }), [
    { unit: 'BYTES', total: BigInt(16 * MIB) },
  ]);
  const device = openSync(targetPath, 'r+');
  writeSync(device, 'raw bytes');
  closeSync(device);
  await node.unpublish({ volumeId, targetPath });
  t.throws(() => statSync(targetPath));
  await node.unstage({ volumeId, stagingPath });
  t.strictSame(lab.leftovers(), NOTHING);
  t.match(await ceph.rbd('export', `${volumeId.slice(5)}`, '-'), /^raw bytes/);
});

t.test('read-only targets cannot be written, writable ones can', async (t) => {
  const lab = new LabNode(ceph);
  const node = lab.open();
  const { id: volumeId } = await lab.image(64);
  const stagingPath = lab.staging();
  const [one, two] = [lab.target(), lab.target()];
  const capability = mountAs('ext4', 'SINGLE_NODE_MULTI_WRITER');
  await node.stage({ volumeId, stagingPath, capability, credentials: undefined });
  const publish = { volumeId, stagingPath, capability };
  await node.publish({ ...publish, targetPath: one, readonly: true });
  await node.publish({ ...publish, targetPath: two, readonly: false });
  t.throws(() => writeFileSync(join(one, 'file'), ''), { code: 'EROFS' });
  writeFileSync(join(two, 'file'), 'seen');
  t.equal(readFileSync(join(one, 'file'), 'utf8'), 'seen');
  await t.rejects(node.publish({ ...publish, targetPath: one, readonly: false }), {
    kind: 'already-published',
    code: 'ALREADY_EXISTS',
  });
  await node.unpublish({ volumeId, targetPath: one });
  await node.unpublish({ volumeId, targetPath: two });
  await node.unstage({ volumeId, stagingPath });
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test('a read-only block target is a device that cannot be written', async (t) => {
  const lab = new LabNode(ceph);
  const node = lab.open();
  const { id: volumeId } = await lab.image(16);
  const stagingPath = lab.staging();
  const [writable, readonly] = [lab.target(), lab.target()];
  const capability = blockAs('MULTI_NODE_MULTI_WRITER');
  await node.stage({ volumeId, stagingPath, capability, credentials: undefined });
  const publish = { volumeId, stagingPath, capability };
  await node.publish({ ...publish, targetPath: writable, readonly: false });
  await node.publish({ ...publish, targetPath: readonly, readonly: true });
  await node.publish({ ...publish, targetPath: readonly, readonly: true });
  for (const path of [readonly, writable]) {
    const device = openSync(path, 'r+');
    if (path === readonly) t.throws(() => writeSync(device, 'bytes'), { code: 'EPERM' });
    else t.equal(writeSync(device, 'bytes'), 5);
    closeSync(device);
  }
  await node.unpublish({ volumeId, targetPath: readonly });
  t.equal(lab.loops().length, 1, 'the read-only device went with its target');
  await node.unpublish({ volumeId, targetPath: writable });
  await node.unstage({ volumeId, stagingPath });
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test('reader-only modes map, mount and show read-only', async (t) => {
  for (const fsType of FILE_SYSTEMS)
    for (const mode of ['SINGLE_NODE_READER_ONLY', 'MULTI_NODE_READER_ONLY'] as const) {
      const lab = new LabNode(ceph);
      const node = lab.open();
      const { id: volumeId } = await lab.image(fsType === 'xfs' ? 320 : 128);
      const stagingPath = lab.staging();
      const targetPath = lab.target();
      const base = { volumeId, stagingPath, credentials: undefined };
      const capability = mountAs(fsType, mode);
      await t.rejects(node.stage({ ...base, capability }), {
        name: 'VolumeError',
        kind: 'holds-data',
      });
      t.strictSame(lab.leftovers(), NOTHING, 'nothing is left of the refusal');

      await node.stage({ ...base, capability: mountAs(fsType) });
      writeFileSync(join(stagingPath, 'file'), 'bytes');
      await node.unstage({ volumeId, stagingPath });
      await node.stage({ ...base, capability });
      await node.publish({ volumeId, stagingPath, targetPath, capability, readonly: false });
      t.equal(readFileSync(join(targetPath, 'file'), 'utf8'), 'bytes');
      t.throws(() => writeFileSync(join(stagingPath, 'other'), ''), { code: 'EROFS' });
      t.equal(sh('blockdev', '--getro', lab.loops()[0] ?? ''), '1\n');
      await node.unpublish({ volumeId, targetPath });
      await node.unstage({ volumeId, stagingPath });
      t.strictSame(lab.leftovers(), NOTHING);
    }
});

t.test('a second target is a matter of the access mode', async (t) => {
  const modes = {
    SINGLE_NODE_WRITER: false,
    SINGLE_NODE_READER_ONLY: false,
    SINGLE_NODE_SINGLE_WRITER: false,
    SINGLE_NODE_MULTI_WRITER: true,
    MULTI_NODE_READER_ONLY: true,
    MULTI_NODE_SINGLE_WRITER: true,
    MULTI_NODE_MULTI_WRITER: true,
  } as const;
  const lab = new LabNode(ceph);
  const node = lab.open();
  const { id: volumeId } = await lab.image(16);
  for (const [mode, allowed] of Object.entries(modes)) {
    const capability = blockAs(mode as keyof typeof modes);
    const stagingPath = lab.staging();
    const [one, two] = [lab.target(), lab.target()];
    await node.stage({ volumeId, stagingPath, capability, credentials: undefined });
    const publish = { volumeId, stagingPath, capability, readonly: false };
    await node.publish({ ...publish, targetPath: one });
    const second = node.publish({ ...publish, targetPath: two });
    if (allowed) await second;
    else await t.rejects(second, { kind: 'second-target', code: 'FAILED_PRECONDITION' }, mode);
    t.throws(() => statSync(allowed ? join(two, 'no') : two), mode);
    await node.unpublish({ volumeId, targetPath: one });
    await node.unpublish({ volumeId, targetPath: two });
    await node.unstage({ volumeId, stagingPath });
    t.strictSame(lab.leftovers(), NOTHING, mode);
  }
});

t.test('a volume that was expanded grows at the next stage', async (t) => {
  for (const fsType of FILE_SYSTEMS) {
    const lab = new LabNode(ceph);
    const node = lab.open();
    const { id: volumeId, spec } = await lab.image(fsType === 'xfs' ? 320 : 128);
    const stagingPath = lab.staging();
    const stage = { volumeId, stagingPath, capability: mountAs(fsType), credentials: undefined };
    await node.stage(stage);
    writeFileSync(join(stagingPath, 'file'), 'bytes');
    await node.unstage({ volumeId, stagingPath });
    await ceph.rbd('resize', '--no-progress', '--size', '640M', spec);
    await node.stage(stage);
    const [bytes, inodes] = await node.usage({ volumeId, volumePath: stagingPath });
    t.ok((bytes?.total ?? 0n) > BigInt(480 * MIB), `${fsType} has ${bytes?.total} bytes`);
    t.ok((bytes?.available ?? 0n) > 0n && (bytes?.used ?? -1n) >= 0n);
    if (fsType !== 'btrfs') t.ok((inodes?.total ?? 0n) > 0n);
    t.equal(readFileSync(join(stagingPath, 'file'), 'utf8'), 'bytes');
    await node.unstage({ volumeId, stagingPath });
    t.strictSame(lab.leftovers(), NOTHING);
  }
});

t.test('a mounted volume grows, or says why it does not and grows at the next stage', async (t) => {
  for (const fsType of FILE_SYSTEMS) {
    const lab = new LabNode(ceph);
    const node = lab.open();
    const { id: volumeId, spec } = await lab.image(fsType === 'xfs' ? 320 : 128);
    const stagingPath = lab.staging();
    const targetPath = lab.target();
    const capability = mountAs(fsType);
    const stage = { volumeId, stagingPath, capability, credentials: undefined };
    await node.stage(stage);
    await node.publish({ volumeId, stagingPath, targetPath, capability, readonly: false });
    await ceph.rbd('resize', '--no-progress', '--size', '640M', spec);
    const expand = {
      volumeId,
      volumePath: targetPath,
      range: { requiredBytes: BigInt(640 * MIB), limitBytes: 0n },
      capability: undefined,
    };
    const total = async () => (await node.usage({ volumeId, volumePath: targetPath }))[0]?.total;
    const mayGrow = mayGrowMounted(fsType);
    if (mayGrow) {
      t.equal(await node.expand(expand), BigInt(640 * MIB));
      t.equal(await node.expand(expand), BigInt(640 * MIB), 'and again');
    } else
      await t.rejects(node.expand(expand), {
        kind: 'cannot-grow',
        message: /Permission denied/,
        remedy: /CAP_SYS_RESOURCE.*staged next/,
      });
    t.equal(((await total()) ?? 0n) > BigInt(480 * MIB), mayGrow);
    await node.unpublish({ volumeId, targetPath });
    await node.unstage({ volumeId, stagingPath });
    await node.stage(stage);
    const after = await node.usage({ volumeId, volumePath: stagingPath });
    t.ok((after[0]?.total ?? 0n) > BigInt(480 * MIB));
    await node.unstage({ volumeId, stagingPath });
    t.strictSame(lab.leftovers(), NOTHING);
  }
});

t.test(
  'a block volume grows at its target, to a size that is no whole number of sectors',
  async (t) => {
    const lab = new LabNode(ceph);
    const node = lab.open();
    const { id: volumeId, spec } = await lab.image(16);
    const stagingPath = lab.staging();
    const targetPath = lab.target();
    const capability = blockAs();
    await node.stage({ volumeId, stagingPath, capability, credentials: undefined });
    await node.publish({ volumeId, stagingPath, targetPath, capability, readonly: false });
    await ceph.rbd('resize', '--no-progress', '--size', '20000001B', spec);
    const expand = { volumeId, volumePath: targetPath, capability };
    const range = { requiredBytes: 20000001n, limitBytes: 0n };
    t.equal(await node.expand({ ...expand, range }), 20000001n);
    t.equal(sh('blockdev', '--getsize64', targetPath), `${20000001 - (20000001 % 512)}\n`);
    await t.rejects(node.expand({ ...expand, range: { ...range, requiredBytes: 20000002n } }), {
      code: 'OUT_OF_RANGE',
    });
    await t.rejects(node.expand({ ...expand, range, volumePath: '/nowhere' }), {
      code: 'NOT_FOUND',
    });
    await t.rejects(node.expand({ ...expand, range, volumeId: 'ceph/no/such' }), {
      code: 'NOT_FOUND',
    });
    await t.rejects(node.usage({ volumeId, volumePath: '/' }), { code: 'NOT_FOUND' });
    await node.unpublish({ volumeId, targetPath });
    await node.unstage({ volumeId, stagingPath });
  },
);

t.test(
  'a node finds its way by monitors and a key, in a namespace, and no argument has the key',
  async (t) => {
    await ceph.rbd('namespace', 'create', `${ceph.pool}/apart`);
    await ceph.rbd('create', '--size', '16M', `${ceph.pool}/apart/image`);
    const { settings, monitors, key } = ceph;
    const lab = new LabNode(ceph, {
      ...settings,
      conf: undefined,
      monitors,
      keyFile: undefined,
      key,
    });
    const node = lab.open();
    const volumeId = `ceph/${ceph.pool}/apart/image`;
    const stagingPath = lab.staging();
    const capability = blockAs();
    await node.stage({ volumeId, stagingPath, capability, credentials: undefined });
    const [pid] = lab.daemons();
    t.notMatch(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), key);
    t.equal(
      lab.lines.some((line) => line.includes(key)),
      false,
    );
    const keyRing = lab.stateFiles().find((file) => file.endsWith('keyring')) ?? '';
    t.equal(statSync(keyRing).mode & 0o777, 0o600);
    await node.unstage({ volumeId, stagingPath });
    t.strictSame(lab.leftovers(), NOTHING, 'nor is the key left on the disk');

    const stranger = new LabNode(ceph, { ...settings, user: 'nobody', keyFile: undefined, key });
    const credentials = { user: ceph.user, key };
    await stranger.open().stage({ volumeId, stagingPath, capability, credentials });
    await stranger.open().unstage({ volumeId, stagingPath });
    t.strictSame(stranger.leftovers(), NOTHING, 'a request’s own credentials go before');
  },
);

t.test('a node tells the clusters of itself', async (t) => {
  const lab = new LabNode(ceph);
  const node = lab.open();
  node.register();
  let text: string | undefined;
  while (text === undefined) text = await lab.cluster.readNode('node-1');
  t.match(JSON.parse(text), {
    hostname: String,
    address: '127.0.0.1',
  });
  node.close();
});
