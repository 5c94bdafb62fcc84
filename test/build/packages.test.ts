import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import t from 'tap';
import { writeImage } from '../../build/package/image.js';
import { DEBIAN, digestOf, MTIME, writeTarball } from '../../build/package/packages.js';
import { makeRootfs } from '../../build/package/rootfs.js';
import { type Entry, tar } from '../../build/package/tar.js';
import { packageRoot, packageVersion } from '../../src/cli/package.js';
import { run } from '../../src/dev/run.js';
import { startCeph } from '../lab/ceph.js';
import { labFolder } from '../lab/folder.js';
import { debian, tarball } from '../lab/packages.js';

const ceph = await startCeph();
const folder = labFolder();

t.test(
  'a tar archive is what GNU tar and dpkg read, with long names, links and modes',
  async (t) => {
    const long = `${'folder/'.repeat(15)}${'n'.repeat(90)}`;
    const entries: Entry[] = [
      { kind: 'folder', path: 'bin' },
      { kind: 'file', path: 'bin/run', executable: true, content: Buffer.from('#!/bin/sh\n') },
      { kind: 'link', path: 'bin/start', target: 'run' },
      { kind: 'file', path: long, executable: false, content: Buffer.alloc(513, 'x') },
    ];
    const file = join(folder, 'small.tar');
    await pipeline(tar(entries, 86_400), async (chunks) => {
      const parts: Buffer[] = [];
      for await (const chunk of chunks) parts.push(chunk as Buffer);
      writeFileSync(file, Buffer.concat(parts));
    });
    const args = ['--utc', '--numeric-owner', '--verbose', '--list', '--file', file];
    const lines = (await run('tar', args, { env: { TZ: 'UTC' } })).trimEnd().split('\n');
    t.match(lines, [
      /^drwxr-xr-x 0\/0 +0 1970-01-02 00:00 bin\/?$/,
      /^-rwxr-xr-x 0\/0 +10 1970-01-02 00:00 bin\/run$/,
      /^lrwxrwxrwx|^lrwxr-xr-x 0\/0 +0 1970-01-02 00:00 bin\/start -> run$/,
      new RegExp(`^-rw-r--r-- 0/0 +513 1970-01-02 00:00 ${long}$`),
    ]);
    const tooLong: Entry = { kind: 'folder', path: 'x'.repeat(101) };
    await t.rejects(async () => {
      for await (const _ of tar([tooLong], 0));
    }, /too long for a tar archive/);
  },
);

t.test('the tarball', async (t) => {
  const file = await tarball();
  t.ok(statSync(file).size < 60e6, 'is under 60 MB');
  const again = join(folder, 'again');
  mkdirSync(again);
  const second = await writeTarball(packageRoot(), again);
  t.equal(await digestOf(second), await digestOf(file), 'made again, it is the same');

  const root = join(folder, 'debian');
  mkdirSync(root);
  await run('tar', ['-xf', await debian(), '-C', root, '--exclude=./dev/*']);
  await run('tar', ['-xzf', file, '-C', root]);
  writeFileSync(join(root, 'key'), ceph.key, { mode: 0o600 });
  const spec = 'variable "size" {}\nid = "x"\n';
  writeFileSync(join(root, 'volume.hcl'), spec);
  const pannier = (...args: string[]) => run('chroot', [root, '/pannier/bin/pannier', ...args]);
  t.match(await pannier('version'), packageVersion(), 'runs on a bare Debian');
  await t.rejects(pannier('volume', 'validate', '/volume.hcl'), /volume\.hcl/, 'reads HCL 2 there');
  const found = await pannier(
    ...['plugin', 'run', '-check', '-json', '-mode=controller', '-endpoint=unix:///csi.sock'],
    ...[`-ceph-monitors=${ceph.monitors.join(',')}`, `-ceph-user=${ceph.user}`],
    ...['-ceph-key-file=/key', `-ceph-pool=${ceph.pool}`],
  );
  t.match(JSON.parse(found), [{ ok: true }, { subject: 'cluster "ceph"', ok: true }], 'sees Ceph');
});

t.test('the image', async (t) => {
  const again = join(folder, 'rootfs.tar');
  await makeRootfs(again, DEBIAN, MTIME);
  t.equal(await digestOf(again), await digestOf(await debian()), 'has the same Debian each time');

  const config = { Env: ['PATH=/bin'], Labels: { a: 'b' } };
  const layer = () => tar([{ kind: 'folder', path: 'bin' }], MTIME);
  const files = ['first', 'second'].map((name) => join(folder, `${name}.image.tar`));
  for (const file of files) {
    const layers = [layer(), layer()];
    await writeImage(file, { reference: 'a:1', config, layers, mtime: MTIME, folder });
  }
  const [first = '', second = ''] = await Promise.all(files.map(digestOf));
  t.equal(first, second, 'and is the same around it');
});
