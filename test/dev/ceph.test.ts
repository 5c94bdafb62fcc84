import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CephCluster } from '../../src/dev/ceph/cluster.js';
import { requirePrograms } from '../../src/dev/packages.js';
import { terminate } from '../../src/dev/processes.js';
import { labFolder } from '../lab/folder.js';

const folder = labFolder();
const first = new CephCluster({ folder: join(folder, 'a') });
const second = new CephCluster({ folder: join(folder, 'b'), pool: 'other', osdBytes: 2n << 30n });
const text = join(folder, 'text');
writeFileSync(text, 'written before the stop\n');

const [one, two] = await Promise.all([first.start(), second.start()]);

t.test('two clusters that start at once run side by side', async (t) => {
  t.not(one.monitors[0], two.monitors[0]);
  await first.rbd('create', '--size', '1M', 'rbd/only-in-a');
  t.equal(await first.rbd('ls', 'rbd'), 'only-in-a\n');
  t.equal(await second.rbd('ls', 'other'), '');
  t.equal((await first.status()).state, 'running');
  t.equal((await second.status()).state, 'running');
});

t.test('a started cluster tells what a client needs, and keeps its key to itself', async (t) => {
  t.match(one, { user: 'pannier', pool: 'rbd', conf: join(folder, 'a', 'ceph.conf') });
  for (const file of [one.keyFile, one.keyRing]) t.equal(statSync(file).mode & 0o777, 0o600);
});

t.test('starting what runs changes nothing', async (t) => {
  const before = await first.status();
  t.strictSame(await first.start(), one);
  t.strictSame((await first.status()).pids, before.pids);
});

t.test('data survives a stop and a start', async (t) => {
  await first.rbd('import', text, 'rbd/kept');
  await first.stop();
  t.strictSame((await first.status()).pids, {});
  t.equal((await first.status()).state, 'stopped');
  t.equal((await second.status()).state, 'running', 'the other one is left alone');
  await first.start();
  t.equal(await first.rbd('export', 'rbd/kept', '-'), 'written before the stop\n');
});

t.test('data survives when every daemon is killed, and stale pid files do no harm', async (t) => {
  const { pids } = await first.status();
  await Promise.all(Object.values(pids).map((pid) => terminate(pid, 0, 'SIGKILL')));
  for (const daemon of ['mon', 'osd', 'mgr'])
    writeFileSync(join(first.folder, `${daemon}.pid`), `${process.pid}\n`);
  await first.start();
  t.equal(await first.rbd('export', 'rbd/kept', '-'), 'written before the stop\n');
});

t.test(
  'a cluster that is asked for in another shape is refused before anything starts',
  async (t) => {
    const port = Number(one.monitors[0]?.split(':')[1]) + 64;
    const other = new CephCluster({ folder: first.folder, port });
    await t.rejects(other.start(), { name: 'DevError', message: /made with port \d+, not \d+/ });
  },
);

t.test('a port that is taken is named', async (t) => {
  const port = Number(one.monitors[0]?.split(':')[1]);
  const third = new CephCluster({ folder: join(folder, 'c'), port });
  await t.rejects(third.start(), {
    message: `port ${port} of 127.0.0.1 is taken by another program`,
  });
});

t.test('destroying leaves no process and no file', async (t) => {
  await second.destroy();
  t.strictSame(await second.status(), { state: 'absent', pids: {}, access: undefined });
  t.throws(() => statSync(second.folder), { code: 'ENOENT' });
});

t.test('a creation that was killed half-way is begun anew', async (t) => {
  const where = join(folder, 'd');
  const module = new URL('../../src/dev/ceph/cluster.js', import.meta.url).href;
  const script = `const { CephCluster } = await import(${JSON.stringify(module)});
    await new CephCluster({ folder: ${JSON.stringify(where)} }).start(console.log);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const step of child.stdout) if (`${step}`.includes('OSD')) break;
  child.kill('SIGKILL');
  await once(child, 'exit');
  const cluster = new CephCluster({ folder: where });
  t.equal((await cluster.status()).state, 'absent');
  await cluster.start();
  t.equal((await cluster.status()).state, 'running');
  t.equal(await cluster.rbd('ls', 'rbd'), '');
  await cluster.destroy();
});

t.test('a folder with files of someone else is refused and left as it is', async (t) => {
  const where = join(folder, 'e');
  mkdirSync(where);
  writeFileSync(join(where, 'precious'), '');
  const cluster = new CephCluster({ folder: where });
  await t.rejects(cluster.start(), { message: /is not empty and was not made by pannier dev/ });
  await t.rejects(cluster.destroy(), { message: /is not empty and was not made by pannier dev/ });
  t.ok(statSync(join(where, 'precious')));
});

t.test('an OSD too small for its own database is refused', async (t) => {
  const cluster = new CephCluster({ folder: join(folder, 'f'), osdBytes: 1n << 20n });
  await t.rejects(cluster.start(), { message: /too small/ });
});

t.test('missing programs are named with the command that installs them', async (t) => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const programs = ['ceph-authtool', 'ceph', 'rbd', 'monmaptool', 'rbd-fuse', 'ceph-mgr'];
  for (const program of programs) writeFileSync(join(bin, program), '', { mode: 0o755 });
  t.throws(() => requirePrograms(undefined, bin), {
    message: 'ceph-mon, ceph-osd are not installed',
    remedy: 'apt-get install --no-install-recommends ceph-mon ceph-osd',
  });
  requirePrograms(['rbd'], bin);
});
