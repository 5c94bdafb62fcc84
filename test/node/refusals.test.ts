import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { DELETING_KEY } from '../../src/volume/marks.js';
import { startCeph } from '../lab/ceph.js';
import { blockAs, LabNode, MIB, mountAs, NOTHING, sh } from './lab.js';

const ceph = await startCeph();

/** Puts bytes into an image, and says what is in it afterwards. */
async function fill(lab: LabNode, spec: string, bytes: Buffer, offset: number): Promise<void> {
  const file = join(lab.folder, 'bytes');
  const whole = Buffer.alloc(16 * MIB);
  bytes.copy(whole, offset);
  writeFileSync(file, whole);
  await ceph.rbd('rm', '--no-progress', spec);
  await ceph.rbd('import', '--no-progress', file, spec);
  rmSync(file);
}

async function checksum(lab: LabNode, spec: string): Promise<string> {
  const file = join(lab.folder, 'export');
  await ceph.rbd('export', '--no-progress', spec, file);
  const sum = sh('sha256sum', file).slice(0, 64);
  rmSync(file);
  return sum;
}

t.test('what might hold data is never formatted', async (t) => {
  const partitions = Buffer.alloc(512);
  partitions[450] = 0x83;
  partitions.writeUInt32LE(2048, 454);
  partitions.writeUInt32LE(4096, 458);
  partitions.writeUInt16LE(0xaa55, 510);
  const cases: ReadonlyArray<[string, Buffer, number, RegExp]> = [
    ['bytes in the first MiB', Buffer.from('x'), MIB - 1, /first MiB holds data/],
    ['bytes in the last MiB', Buffer.from('x'), 16 * MIB - 1, /last MiB holds data/],
    ['LUKS', Buffer.from('LUKS\xba\xbe\x00\x02', 'latin1'), 0, /crypto_LUKS|blkid does not|data/],
    ['partitions', partitions, 0, /a partition table \(dos\)/],
  ];
  const lab = new LabNode(ceph);
  const node = lab.open();
  for (const [what, bytes, offset, message] of cases) {
    const { id: volumeId, spec } = await lab.image(16);
    await fill(lab, spec, bytes, offset);
    const before = await checksum(lab, spec);
    const stagingPath = lab.staging();
    const capability = mountAs();
    const stage = node.stage({ volumeId, stagingPath, capability, credentials: undefined });
    await t.rejects(stage, { kind: 'holds-data', code: 'FAILED_PRECONDITION', message }, what);
    t.equal(await checksum(lab, spec), before, `${what}: nothing was written`);
    t.strictSame(lab.leftovers(), NOTHING);
  }
});

t.test('a file system of another kind is neither mounted nor formatted', async (t) => {
  const lab = new LabNode(ceph);
  const node = lab.open();
  const { id: volumeId } = await lab.image(128);
  const base = { volumeId, stagingPath: lab.staging(), credentials: undefined };
  await node.stage({ ...base, capability: mountAs('btrfs') });
  await t.rejects(node.stage({ ...base, capability: mountAs('ext4') }), {
    kind: 'already-published',
    code: 'ALREADY_EXISTS',
    message: /fs_type "btrfs"/,
  });
  await t.rejects(node.stage({ ...base, capability: blockAs() }), { code: 'ALREADY_EXISTS' });
  await node.unstage(base);
  await t.rejects(node.stage({ ...base, capability: mountAs('ext4') }), {
    kind: 'holds-data',
    message: /it holds btrfs, and fs_type asks for ext4/,
  });
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test('volumes that cannot be are not found, and taking them down succeeds', async (t) => {
  const lab = new LabNode(ceph);
  const node = lab.open();
  const stagingPath = lab.staging();
  const targetPath = lab.target();
  const ids = [
    `ceph/${ceph.pool}/missing`,
    'other/pool/image',
    'x',
    '../..',
    `ceph/${'x'.repeat(200)}/y`,
  ];
  for (const volumeId of ids) {
    const base = { volumeId, stagingPath, capability: mountAs() };
    await t.rejects(node.stage({ ...base, credentials: undefined }), { code: 'NOT_FOUND' });
    await t.rejects(node.publish({ ...base, targetPath, readonly: false }), { code: 'NOT_FOUND' });
    await t.rejects(node.usage({ volumeId, volumePath: targetPath }), { code: 'NOT_FOUND' });
    await node.unpublish({ volumeId, targetPath });
    await node.unstage(base);
  }
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test('a step that fails leaves nothing, and the next right call works', async (t) => {
  const lab = new LabNode(ceph);
  const node = lab.open();
  const { id: volumeId } = await lab.image(64);
  const stagingPath = lab.staging();
  const base = { volumeId, stagingPath, credentials: undefined };
  await t.rejects(node.stage({ ...base, capability: mountAs('xfs') }), {
    kind: 'tool-failed',
    message: /mkfs.xfs failed/,
  });
  t.strictSame(lab.leftovers(), NOTHING, 'after mkfs');
  const flags = mountAs('ext4', 'SINGLE_NODE_WRITER', ['nosuchoption']);
  await t.rejects(node.stage({ ...base, capability: flags }), {
    kind: 'invalid-field',
    message: /mount_flags/,
  });
  t.strictSame(lab.leftovers(), NOTHING, 'after mount');
  await t.rejects(node.stage({ ...base, stagingPath: '/no/such', capability: mountAs() }), {
    kind: 'invalid-field',
    message: /staging_target_path/,
  });
  await t.rejects(
    lab.open(undefined, { mapper: 'krbd' }).stage({ ...base, capability: mountAs() }),
    {
      kind: 'no-mapper',
      message: /krbd: the kernel module rbd is not loaded/,
    },
  );
  t.strictSame(lab.leftovers(), NOTHING);
  await node.stage({ ...base, capability: mountAs('ext4', 'SINGLE_NODE_WRITER', ['noatime']) });
  t.match(sh('findmnt', '-no', 'OPTIONS', stagingPath), /noatime/);
  await node.unstage(base);
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test('a state directory that cannot be written stops a call before it begins', async (t) => {
  for (const how of ['a file in its place', 'a read-only mount'] as const) {
    const lab = new LabNode(ceph);
    const { id: volumeId } = await lab.image(64);
    const stagingPath = lab.staging();
    if (how === 'a file in its place') writeFileSync(lab.stateDir, '');
    else {
      mkdirSync(lab.stateDir);
      sh('mount', '--bind', lab.stateDir, lab.stateDir);
      sh('mount', '-o', 'remount,bind,ro', lab.stateDir);
    }
    const stage = { volumeId, stagingPath, capability: mountAs(), credentials: undefined };
    const error = { kind: 'state-unwritable', message: /cannot write/ };
    const node = lab.open();
    await t.rejects(node.stage(stage), error, how);
    await t.rejects(node.unstage(stage), error, how);
    await t.rejects(node.unpublish({ volumeId, targetPath: '/nowhere' }), error, how);
    t.strictSame([lab.loops(), lab.daemons()], [[], []]);
    if (how === 'a file in its place') rmSync(lab.stateDir);
    else sh('umount', lab.stateDir);
    await node.stage(stage);
    await node.unstage(stage);
    t.strictSame(lab.leftovers(), NOTHING);
  }
});

t.test('an image that someone else has open is not mapped by a single writer', async (t) => {
  const lab = new LabNode(ceph);
  const node = lab.open();
  const { id: volumeId } = await lab.image(16);
  const base = { volumeId, stagingPath: lab.staging(), credentials: undefined };
  lab.strangers = [{ address: '192.0.2.7:0/42', clientId: 42n }];
  await t.rejects(node.stage({ ...base, capability: mountAs() }), {
    kind: 'volume-in-use',
    code: 'FAILED_PRECONDITION',
    message: /192\.0\.2\.7/,
  });
  t.strictSame(lab.leftovers(), NOTHING);
  await node.stage({ ...base, capability: blockAs('MULTI_NODE_MULTI_WRITER') });
  await node.unstage(base);

  lab.strangers = [];
  const other = new LabNode(ceph);
  await node.stage({ ...base, capability: blockAs() });
  await t.rejects(
    other.open().stage({ ...base, stagingPath: other.staging(), capability: blockAs() }),
    { kind: 'volume-in-use', message: /127\.0\.0\.1/ },
    'a second node at the same address',
  );
  await node.unstage(base);
  t.strictSame(await lab.cluster.watchers(specOf(volumeId)), [], 'the image is let go at once');
  const there = { ...base, stagingPath: other.staging() };
  await other.open().stage({ ...there, capability: blockAs() });
  await other.open().unstage(there);
  t.strictSame([lab.leftovers(), other.leftovers()], [NOTHING, NOTHING]);
});

t.test('a volume whose deletion begins while it is mapped is not staged', async (t) => {
  const lab = new LabNode(ceph);
  const { id: volumeId, spec } = await lab.image(64);
  const image = { pool: ceph.pool, namespace: '', image: spec.split('/')[1] ?? '' };
  const id = (await lab.cluster.readImage(image))?.id ?? '';
  const mark = (value: string | undefined) =>
    lab.cluster.swapMetadata(image, id, {}, { [DELETING_KEY]: value && `${id} ${value}` });
  const node = lab.open(async (name, action) => {
    const result = await action();
    if (name === 'stage/start-fuse') await mark('controller');
    return result;
  });
  const stagingPath = lab.staging();
  const stage = { volumeId, stagingPath, capability: mountAs(), credentials: undefined };
  await t.rejects(node.stage(stage), { code: 'FAILED_PRECONDITION' });
  t.strictSame(lab.leftovers(), NOTHING);
  await mark(undefined);
  await lab.open().stage(stage);
  await lab.open().unstage({ volumeId, stagingPath });
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test('a staging path that lost its mount is not published', async (t) => {
  const lab = new LabNode(ceph);
  const node = lab.open();
  const { id: volumeId } = await lab.image(64);
  const stagingPath = lab.staging();
  const targetPath = lab.target();
  const capability = mountAs();
  const stage = { volumeId, stagingPath, capability, credentials: undefined };
  const publish = { volumeId, stagingPath, targetPath, capability, readonly: false };
  const notStaged = { kind: 'not-staged', code: 'FAILED_PRECONDITION' };
  await t.rejects(node.publish(publish), notStaged);
  await t.rejects(node.publish({ ...publish, stagingPath: '' }), notStaged);
  await node.stage(stage);
  sh('umount', stagingPath);
  await t.rejects(node.publish(publish), notStaged);
  sh('mount', '-t', 'tmpfs', 'tmpfs', stagingPath);
  await t.rejects(node.publish(publish), notStaged, 'another file system is no better');
  await t.rejects(node.stage(stage), { kind: 'target-occupied', message: /tmpfs/ });
  sh('umount', stagingPath);
  t.notOk(existsSync(targetPath));
  await node.stage(stage);
  await node.publish(publish);
  await node.unpublish(publish);
  await node.unstage(stage);
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test('a target that is in the way is left as it is', async (t) => {
  const lab = new LabNode(ceph);
  const node = lab.open();
  const { id: volumeId } = await lab.image(64);
  const stagingPath = lab.staging();
  const capability = mountAs();
  await node.stage({ volumeId, stagingPath, capability, credentials: undefined });
  const occupied = { kind: 'target-occupied', code: 'ALREADY_EXISTS' };
  const at = (targetPath: string) =>
    node.publish({ volumeId, stagingPath, targetPath, capability, readonly: false });

  const file = lab.target();
  writeFileSync(file, 'mine');
  await t.rejects(at(file), occupied);
  t.equal(readFileSync(file, 'utf8'), 'mine');
  const full = lab.target();
  mkdirSync(full);
  writeFileSync(join(full, 'file'), 'mine');
  await t.rejects(at(full), occupied);
  const link = lab.target();
  symlinkSync('/tmp', link);
  await t.rejects(at(link), occupied);
  const mounted = lab.target();
  mkdirSync(mounted);
  sh('mount', '-t', 'tmpfs', 'tmpfs', mounted);
  await t.rejects(at(mounted), occupied);
  sh('umount', mounted);
  await t.rejects(at(join(lab.target(), 'deep')), {
    kind: 'invalid-field',
    message: /target_path/,
  });
  t.equal(lab.mounts().length, 2, 'rbd-fuse and staging');

  await at(mounted);
  t.ok(statSync(join(mounted, 'lost+found')).isDirectory(), 'an empty directory will do');
  await node.unpublish({ volumeId, targetPath: mounted });
  await node.unpublish({ volumeId, targetPath: full });
  t.equal(readFileSync(join(full, 'file'), 'utf8'), 'mine', 'what is not ours is never removed');
  t.ok(statSync(mounted).isDirectory(), 'not even where it is empty');
  for (let repeated = 0; repeated < 2; repeated += 1) {
    await at(mounted);
    await at(mounted);
    await node.unpublish({ volumeId, targetPath: mounted });
    t.ok(statSync(mounted).isDirectory(), 'it stays however often');
  }
  const empty = lab.target();
  writeFileSync(empty, '');
  await t.rejects(at(empty), occupied);
  await node.unpublish({ volumeId, targetPath: empty });
  t.equal(statSync(empty).size, 0, 'a file at which it was never published');
  await node.unstage({ volumeId, stagingPath });
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test('a volume that is still published is not unstaged', async (t) => {
  for (const capability of [mountAs(), blockAs()]) {
    const lab = new LabNode(ceph);
    const node = lab.open();
    const { id: volumeId } = await lab.image(64);
    const stagingPath = lab.staging();
    const targetPath = lab.target();
    await node.stage({ volumeId, stagingPath, capability, credentials: undefined });
    await node.publish({ volumeId, stagingPath, targetPath, capability, readonly: false });
    const before = lab.leftovers();
    for (const file of lab.stateFiles().filter((path) => path.endsWith('.json'))) rmSync(file);
    for (const plugin of [node, lab.open()]) {
      await t.rejects(plugin.unstage({ volumeId, stagingPath }), {
        kind: 'volume-in-use',
        message: new RegExp(targetPath),
      });
      t.strictSame([lab.mounts(), lab.loops()], [before.mounts, before.loops]);
    }
    await node.unpublish({ volumeId, targetPath });
    await node.unstage({ volumeId, stagingPath });
    t.strictSame(lab.leftovers(), NOTHING, 'and it is taken down without a record');
  }
});

t.test('files that are open keep a target from being unpublished', async (t) => {
  const lab = new LabNode(ceph);
  const node = lab.open();
  const { id: volumeId } = await lab.image(64);
  const stagingPath = lab.staging();
  const targetPath = lab.target();
  const capability = mountAs();
  await node.stage({ volumeId, stagingPath, capability, credentials: undefined });
  await node.publish({ volumeId, stagingPath, targetPath, capability, readonly: false });
  const file = openSync(join(targetPath, 'file'), 'w');
  await t.rejects(node.unpublish({ volumeId, targetPath }), {
    kind: 'volume-in-use',
    message: `processes at ${targetPath}: ${process.pid} (${readFileSync('/proc/self/comm', 'utf8').trim()})`,
  });
  closeSync(file);
  await node.unpublish({ volumeId, targetPath });
  await node.unstage({ volumeId, stagingPath });
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test('an rbd-fuse that died is seen, cleaned away and replaced', async (t) => {
  for (const capability of [mountAs(), blockAs()]) {
    const lab = new LabNode(ceph);
    const node = lab.open();
    const { id: volumeId } = await lab.image(64);
    const stagingPath = lab.staging();
    const targetPath = lab.target();
    const stage = { volumeId, stagingPath, capability, credentials: undefined };
    const publish = { volumeId, stagingPath, targetPath, capability, readonly: false };
    const kill = async () => {
      const watchers = await lab.cluster.watchers(specOf(volumeId));
      for (const pid of lab.daemons()) process.kill(pid, 'SIGKILL');
      while (lab.daemons().length > 0) await new Promise((resolve) => setImmediate(resolve));
      // Ceph forgets them at once then, and not after half a minute.
      for (const { address } of watchers) await ceph.ceph('osd', 'blocklist', 'add', address);
    };
    await node.stage(stage);
    await node.publish(publish);
    await kill();
    const gone = { kind: 'device-gone', code: 'FAILED_PRECONDITION' };
    await t.rejects(node.publish({ ...publish, targetPath: lab.target() }), gone);
    await t.rejects(node.usage({ volumeId, volumePath: targetPath }), gone);
    await node.unpublish(publish);
    await node.unstage(stage);
    t.strictSame(lab.leftovers(), NOTHING);
    await node.stage(stage);
    await kill();
    lab.strangers = [{ address: '127.0.0.1:0/1', clientId: 1n }];
    const forgotten = new Promise<void>((resolve) => {
      setTimeout(() => {
        lab.strangers = [];
        resolve();
      }, 4000);
    });
    await Promise.all([node.stage(stage), forgotten]);
    await node.publish(publish);
    await node.unpublish(publish);
    await node.unstage(stage);
    t.strictSame(lab.leftovers(), NOTHING);
  }
});

t.test('a device that vanishes is seen, and the volume staged anew', async (t) => {
  const lab = new LabNode(ceph);
  const node = lab.open();
  const { id: volumeId } = await lab.image(16);
  const stagingPath = lab.staging();
  const capability = blockAs();
  const stage = { volumeId, stagingPath, capability, credentials: undefined };
  const publish = { volumeId, stagingPath, targetPath: lab.target(), capability, readonly: false };
  await node.stage(stage);
  sh('losetup', '--detach', lab.loops()[0] ?? '');
  await t.rejects(node.publish(publish), { kind: 'not-staged', code: 'FAILED_PRECONDITION' });
  await node.stage(stage);
  await node.publish(publish);
  await node.unpublish(publish);
  await node.unstage(stage);
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test(
  'a volume is taken down where its image is gone, and a new one of its name is another',
  async (t) => {
    const lab = new LabNode(ceph);
    const node = lab.open();
    const { id: volumeId, spec } = await lab.image(64);
    const stagingPath = lab.staging();
    const stage = { volumeId, stagingPath, capability: mountAs(), credentials: undefined };
    await node.stage(stage);
    writeFileSync(join(stagingPath, 'file'), 'old');
    await ceph.rbd('mv', spec, `${spec}-moved`);
    await node.unstage(stage);
    t.strictSame(lab.leftovers(), NOTHING);
    await t.rejects(node.stage(stage), { code: 'NOT_FOUND' });
    await ceph.rbd('create', '--size', '64M', spec);
    await node.stage(stage);
    t.notOk(existsSync(join(stagingPath, 'file')));
    await node.unstage(stage);
  },
);

function specOf(volumeId: string) {
  const [, pool = '', image = ''] = volumeId.split('/');
  return { pool, namespace: '', image };
}
