import { type SpawnOptions, spawn } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { holdersOf } from '../../src/node/holders.js';
import { readMounts } from '../../src/node/mountinfo.js';

async function folderOf(t: Test): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'pannier-holders-')));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

/** Starts a process and waits until it has become `sleep`; it ends with the test. */
async function sleeper(t: Test, command: string, options: SpawnOptions = {}): Promise<number> {
  const child = spawn('sh', ['-c', `${command} exec sleep 1000`, 'sh', 'argument-secret'], {
    stdio: 'ignore',
    ...options,
  });
  t.teardown(
    () =>
      new Promise((resolve) => {
        child.once('exit', resolve);
        child.kill('SIGKILL');
      }),
  );
  const pid = child.pid ?? 0;
  while (readFileSync(`/proc/${pid}/comm`, 'utf8') !== 'sleep\n') await sleep(5);
  return pid;
}

t.test('processes are named by pid and command, and by nothing that may be secret', async (t) => {
  const folder = await folderOf(t);
  const file = join(folder, 'file-secret');
  writeFileSync(file, '');
  t.equal(await holdersOf(folder), `processes at ${folder}`, 'nobody that can be seen');
  const open = await sleeper(t, `exec 3<${file};`, { env: { ...process.env, PASSWORD: 'secret' } });
  const said = await holdersOf(folder);
  t.equal(said, `processes at ${folder}: ${open} (sleep)`);
  t.equal(await holdersOf(file), `processes at ${file}: ${open} (sleep)`, 'a file that is open');
  const within = await sleeper(t, '', { cwd: folder });
  const both = await holdersOf(folder);
  for (const pid of [open, within]) t.match(both, `${pid} (sleep)`);
  t.notMatch(both, 'secret');
  t.equal(await holdersOf(folder.slice(0, -1)), `processes at ${folder.slice(0, -1)}`);
});

t.test('a library that is in use is enough', async (t) => {
  const folder = await folderOf(t);
  const library = join(folder, 'library.so');
  const [loaded = ''] = /\/\S*libc\S*\.so\S*/.exec(readFileSync('/proc/self/maps', 'utf8')) ?? [];
  copyFileSync(loaded, library);
  const pid = await sleeper(t, `LD_PRELOAD=${library}`);
  while (!readFileSync(`/proc/${pid}/maps`, 'utf8').includes(library)) await sleep(5);
  t.equal(await holdersOf(folder), `processes at ${folder}: ${pid} (sleep)`);
});

t.test('of many only a few are named', async (t) => {
  const folder = await folderOf(t);
  for (let count = 0; count < 7; count += 1) await sleeper(t, '', { cwd: folder });
  t.match(await holdersOf(folder), /: (\d+ \(sleep\), ){4}\d+ \(sleep\) and others$/);
});

t.test('a name moves no cursor', async (t) => {
  const folder = await folderOf(t);
  const name = join(folder, 'a\u001b[2J\nb');
  copyFileSync('/bin/sleep', name);
  const child = spawn('sh', ['-c', 'chmod +x "$0"; exec "$0" 1000', name], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  while (readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sh\n') await sleep(5);
  t.equal(await holdersOf(folder), `processes at ${folder}: ${child.pid} (a?[2J?b)`);
});

t.test('the same path in another mount namespace is another place', async (t) => {
  const folder = await folderOf(t);
  const child = spawn(
    'unshare',
    [
      '--mount',
      '--propagation',
      'slave',
      'sh',
      '-c',
      `mount -t tmpfs tmpfs ${folder}; cd ${folder}; exec sleep 1000`,
    ],
    { stdio: 'ignore' },
  );
  t.teardown(() => child.kill('SIGKILL'));
  while (readFileSync(`/proc/${child.pid}/comm`, 'utf8') !== 'sleep\n') await sleep(5);
  t.equal(await holdersOf(folder), `processes at ${folder}`);
});

t.test('what is mounted below is named', async (t) => {
  const mounts = readMounts().filter(({ path }) => path.startsWith('/dev/'));
  t.ok(mounts.length > 0, 'every machine has some');
  t.match(await holdersOf('/dev'), /^what is mounted at \/dev\/\w+/);
});
