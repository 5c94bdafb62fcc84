import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import t from 'tap';
import { uuidOf, withUuid } from '../../src/node/btrfs.js';
import { chooseMapper } from '../../src/node/device/choose.js';
import type { Mapper } from '../../src/node/device/device.js';
import { findBytes, probe } from '../../src/node/filesystem.js';
import { mountAt, parseMountinfo } from '../../src/node/mountinfo.js';
import { checkMountFlags, mountOptions } from '../../src/node/options.js';
import { Records, type StageRecord } from '../../src/node/records.js';
import { runTool } from '../../src/node/tool.js';

const log = pino({ level: 'silent' });
const MIB = 1 << 20;

t.test('mountinfo: paths in octal, any number of optional fields, the mount on top', async (t) => {
  const mounts = parseMountinfo(
    [
      '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue',
      '40 36 7:3 / /with\\040blank\\134and\\012line rw - ext4 /dev/loop3 ro',
      '41 36 0:31 / /same rw - btrfs /dev/loop4 rw',
      '42 41 0:6 /loop5 /same ro,relatime - devtmpfs devtmpfs rw',
      '',
      'not a line',
    ].join('\n'),
  );
  t.equal(mounts.length, 4);
  t.match(mounts[0], { device: '98:0', root: '/mnt1', path: '/mnt2', fsType: 'ext3' });
  t.match(mounts[1], { path: '/with blank\\and\nline', readonly: true, source: '/dev/loop3' });
  t.match(mountAt(mounts, '/same'), { fsType: 'devtmpfs', root: '/loop5', readonly: true });
  t.equal(mountAt(mounts, '/sam'), undefined);
});

const record: StageRecord = {
  version: 1,
  volumeId: 'ceph/rbd/one',
  stagingPath: '/staging/one',
  imageId: '1234',
  capability: { access: { kind: 'block' }, mode: 'SINGLE_NODE_WRITER' },
  mapper: 'fuse',
  state: 'staged',
  targets: [],
};

t.test('records are found by volume and staging path, and are private', async (t) => {
  const folder = t.testdir();
  const records = new Records(folder, log);
  t.strictSame(await records.list(), []);
  t.equal(await records.read(record.volumeId, record.stagingPath), undefined);
  await records.write(record);
  await records.write({ ...record, state: 'staging' });
  await records.write({ ...record, stagingPath: '/staging/two' });
  await records.write({ ...record, volumeId: 'ceph/rbd/other' });
  t.match(await records.read(record.volumeId, record.stagingPath), { state: 'staging' });
  t.equal((await records.ofVolume(record.volumeId)).length, 2);
  t.equal((await records.list()).length, 3);
  await records.remove(record.volumeId, record.stagingPath);
  await records.remove(record.volumeId, record.stagingPath);
  t.equal(await records.read(record.volumeId, record.stagingPath), undefined);
});

t.test('half a write is no record, and a damaged record is set aside', async (t) => {
  const folder = t.testdir();
  const records = new Records(folder, log);
  await records.write(record);
  const [name = ''] = readdirSync(join(folder, 'volumes'));
  const path = join(folder, 'volumes', name);
  writeFileSync(`${path}.tmp`, '{"version":1,"vol');
  t.equal((await records.list()).length, 1);
  await records.removeTemporary();
  t.strictSame(readdirSync(join(folder, 'volumes')), [name]);

  for (const text of ['{"version":1,"vol', '', 'null', JSON.stringify({ ...record, targets: 1 })]) {
    writeFileSync(path, text);
    t.equal(await records.read(record.volumeId, record.stagingPath), undefined, text);
    t.equal(readFileSync(`${path}.damaged`, 'utf8'), text);
  }
  writeFileSync(path, JSON.stringify({ ...record, volumeId: 'ceph/rbd/other' }));
  t.strictSame(await records.list(), [], 'a record under another name is not one');
});

t.test('a state directory that cannot be written is said to be so', async (t) => {
  const folder = t.testdir({ file: '' });
  const records = new Records(join(folder, 'file'), log);
  await t.rejects(records.mustBeWritable(), { name: 'VolumeError', kind: 'state-unwritable' });
  await t.rejects(records.write(record), {
    name: 'VolumeError',
    kind: 'state-unwritable',
    remedy: /nothing was done/,
  });
  t.strictSame(await records.list(), []);
});

t.test('a device is blank only where both of its ends are', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'device');
  const size = 4 * MIB;
  const at = async (offset: number) => {
    const bytes = Buffer.alloc(size);
    if (offset >= 0) bytes[offset] = 1;
    writeFileSync(path, bytes);
    return findBytes('v', path, BigInt(size));
  };
  t.equal(await at(-1), undefined);
  t.equal(await at(0), 'its first MiB');
  t.equal(await at(MIB - 1), 'its first MiB');
  t.equal(await at(size - 1), 'its last MiB');
  t.equal(await at(size - MIB), 'its last MiB');
  writeFileSync(path, Buffer.alloc(1000));
  t.equal(await findBytes('v', path, 1000n), undefined, 'one smaller than a MiB');
  t.not(
    await findBytes('v', path, BigInt(size)),
    undefined,
    'one that ends too early is not blank',
  );
  const missing = findBytes('v', join(folder, 'missing'), 1000n);
  await t.rejects(
    missing,
    { name: 'VolumeError', kind: 'tool-failed' },
    'an error is not an empty device',
  );
});

t.test('what is on a device is told by its name', async (t) => {
  const path = join(t.testdir(), 'device');
  const bytes = Buffer.alloc(4 * MIB);
  writeFileSync(path, bytes);
  t.match(await probe('v', path), { kind: 'nothing' });
  bytes.write('LUKS\xba\xbe\x00\x02', 0, 'latin1');
  writeFileSync(path, bytes);
  t.match(await probe('v', path), { kind: 'other' });
  bytes.fill(0);
  bytes[450] = 0x83;
  bytes.writeUInt32LE(2048, 454);
  bytes.writeUInt32LE(4096, 458);
  bytes[510] = 0x55;
  bytes[511] = 0xaa;
  writeFileSync(path, bytes);
  t.match(await probe('v', path), { kind: 'other', what: 'a partition table (dos)' });
  bytes.fill(0);
  writeFileSync(path, bytes);
  await runTool('mkfs.ext4', ['-q', path], { volume: 'v' });
  t.match(await probe('v', path), { kind: 'file system', type: 'ext4' });
});

t.test('a btrfs takes another UUID in its superblock, where one write can give it', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'device');
  const at = 64 << 10;
  const make = (...args: string[]) => {
    writeFileSync(path, '');
    truncateSync(path, 128 * MIB);
    return runTool('mkfs.btrfs', ['-q', '-f', ...args, path], { volume: 'v' });
  };
  const superblock = () => readFileSync(path).subarray(at, at + 4096);
  const dump = async () => {
    const { stdout } = await runTool('btrfs', ['inspect-internal', 'dump-super', path], {
      volume: 'v',
    });
    return (key: string) => new RegExp(`^${key}\\s+(.*)$`, 'm').exec(stdout)?.[1];
  };

  await make();
  const made = (await dump())('fsid');
  t.equal(uuidOf(superblock()), made);
  for (const uuid of [
    '00112233-4455-6677-8899-aabbccddeeff',
    '11112233-4455-6677-8899-aabbccddeeff',
  ]) {
    const renewed = withUuid(superblock(), uuid) ?? Buffer.alloc(0);
    t.equal(uuidOf(renewed), uuid);
    const device = await open(path, 'r+');
    await device.write(renewed, 0, renewed.length, at);
    await device.close();
    const value = await dump();
    t.equal(value('fsid'), uuid);
    t.match(value('csum'), /\[match\]$/);
    t.equal(value('metadata_uuid'), made, 'the metadata keep the one that they were made with');
    t.match(value('dev_item.fsid'), /\[match\]$/);
    await runTool('btrfs', ['check', path], { volume: 'v' });
  }

  const uuid = '00112233-4455-6677-8899-aabbccddeeff';
  const torn = Buffer.from(superblock());
  torn[4000] = 1;
  t.equal(withUuid(torn, uuid), undefined, 'a checksum that does not fit');
  t.equal(withUuid(superblock().subarray(0, 512), uuid), undefined, 'a device that ends there');
  t.equal(withUuid(Buffer.alloc(4096), uuid), undefined, 'no superblock');
  await make();
  await runTool('btrfstune', ['-S', '1', path], { volume: 'v' });
  t.equal(withUuid(superblock(), uuid), undefined, 'a seed');
  await make('--checksum', 'sha256');
  t.equal(withUuid(superblock(), uuid), undefined, 'another kind of checksum');
  const other = join(folder, 'other');
  writeFileSync(other, '');
  truncateSync(other, 128 * MIB);
  await make(other);
  t.equal(withUuid(superblock(), uuid), undefined, 'one of two devices');
});

t.test('the mapper is the one asked for, or the first that works', async (t) => {
  const mapper = { name: 'fuse' } as Mapper;
  const unable = (name: 'krbd' | 'nbd') => ({
    name,
    unavailable: async () => `no ${name} here`,
    mapper: undefined,
  });
  const fuse = (reason?: string) => ({
    name: 'fuse' as const,
    unavailable: async () => reason,
    mapper,
  });
  const among = [unable('krbd'), unable('nbd'), fuse()];
  t.match(await chooseMapper('auto', among), {
    mapper: { name: 'fuse' },
    passedOver: { krbd: 'no krbd here', nbd: 'no nbd here' },
  });
  await t.rejects(chooseMapper('nbd', among), { kind: 'no-mapper', message: /nbd: no nbd here$/ });
  await t.rejects(chooseMapper('auto', [unable('krbd'), fuse('there is no /dev/fuse')]), {
    kind: 'no-mapper',
    message: /krbd: no krbd here; fuse: there is no \/dev\/fuse/,
  });
});

t.test('mount flags are options of the file system and nothing else', async (t) => {
  const check = (flags: string[], mode: 'SINGLE_NODE_WRITER' | 'MULTI_NODE_READER_ONLY') =>
    checkMountFlags({ access: { kind: 'mount', fsType: '', mountFlags: flags }, mode });
  check(['noatime', 'data=ordered,discard'], 'SINGLE_NODE_WRITER');
  for (const flag of [
    'bind',
    'remount',
    'loop=/dev/loop0',
    'offset=512',
    'x-systemd.automount',
    '',
  ])
    t.throws(
      () => check([flag], 'SINGLE_NODE_WRITER'),
      { name: 'VolumeError', kind: 'invalid-field' },
      flag,
    );
  t.throws(() => check(['rw'], 'MULTI_NODE_READER_ONLY'), { message: /contradicts/ });
  t.throws(() => check(['bind=secret'], 'SINGLE_NODE_WRITER'), { message: /^(?!.*secret)/ });
  t.strictSame(mountOptions('xfs', ['noatime'], true), ['noatime', 'ro', 'norecovery', 'nouuid']);
  t.strictSame(mountOptions('ext4', ['ro', 'noatime,ro'], false), ['ro', 'noatime']);
});

t.test('a program that is missing, fails or hangs is an error that says so', async (t) => {
  const folder = t.testdir();
  mkdirSync(join(folder, 'sub'));
  const run = (tool: string, ...args: string[]) =>
    runTool(tool, args, { volume: 'v', limitMs: 500 });
  await t.rejects(run('no-such-program'), {
    name: 'VolumeError',
    kind: 'tool-missing',
    remedy: /apt-get install no-such-program/,
  });
  await t.rejects(run('rmdir', folder), {
    kind: 'tool-failed',
    message: /rmdir failed for volume "v": .*not empty/,
  });
  const bytes = Buffer.from([0, 0xff, 0x80, 10]);
  const echoed = await runTool('cat', [], { volume: 'v', input: bytes, encoding: 'latin1' });
  t.strictSame(Buffer.from(echoed.stdout, 'latin1'), bytes, 'bytes go in and out as they are');
  await runTool('true', [], { volume: 'v', input: Buffer.alloc(MIB) });
  await t.rejects(run('sleep', '60'), {
    kind: 'tool-hung',
    code: 'UNAVAILABLE',
    message: /within 0.5 s/,
  });
});
