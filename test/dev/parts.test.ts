import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { follow } from '../../src/dev/follow.js';
import { devLayout } from '../../src/dev/layout.js';
import { holderOf, tryLock } from '../../src/dev/lock.js';
import { argumentsOf, findProcesses, startTimeOf, terminate } from '../../src/dev/processes.js';
import { run } from '../../src/dev/run.js';

const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

function node(script: string) {
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

t.test('a lock is held by one, names its holder, and is free again when released', async (t) => {
  const lock = await tryLock('test lock');
  t.ok(lock);
  t.equal(await tryLock('test lock'), undefined);
  t.equal(await holderOf('test lock'), process.pid);
  lock?.release();
  t.equal(await holderOf('test lock'), undefined);
  const again = await tryLock('test lock');
  t.ok(again);
  again?.release();
});

t.test('a lock dies with a holder that is killed', async (t) => {
  const child = node(`const { tryLock } = await import(${module('../../src/dev/lock.js')});
    await tryLock('test killed'); console.log('held'); setInterval(() => {}, 1000);`);
  await once(child.stdout, 'data');
  t.equal(await tryLock('test killed'), undefined);
  t.equal(await holderOf('test killed'), child.pid);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await tryLock('test killed');
  t.ok(lock);
  lock?.release();
});

t.test('a process that does not heed the signal is killed after its grace', async (t) => {
  const child = node(
    `process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000);`,
  );
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  const exit = once(child, 'exit');
  t.equal(await terminate(pid, 100), 'killed');
  t.equal((await exit)[1], 'SIGKILL');
  t.equal(startTimeOf(pid), undefined);
  t.equal(await terminate(pid, 100), 'ended', 'ending it again is no error');
});

t.test('processes are found by their arguments', async (t) => {
  const mark = `60.${process.pid}`;
  const child = spawn('sleep', [mark]);
  await once(child, 'spawn');
  t.strictSame(
    findProcesses((args) => args.includes(mark)).map(({ pid }) => pid),
    [child.pid],
  );
  t.strictSame(argumentsOf(child.pid ?? 0), ['sleep', mark]);
  child.kill();
  await once(child, 'exit');
  t.strictSame(argumentsOf(child.pid ?? 0), []);
});

t.test('a command that takes too long is killed, one that fails says why', async (t) => {
  await t.rejects(run('sleep', ['60'], { limitMs: 50 }), {
    message: 'sleep did not end within 0.05 s',
  });
  await t.rejects(run('ls', ['/nowhere']), { message: /ls failed \(exit code 2\): .*\/nowhere/ });
  await t.rejects(run('no-such-program', []), { message: 'no-such-program is not installed' });
  t.equal(await run('cat', [], { input: 'in and out' }), 'in and out');
});

t.test('what the environment says of another Ceph reaches no command', async (t) => {
  const names = ['CEPH_ARGS', 'CEPH_KEYRING'];
  for (const name of names) process.env[name] = '/nowhere';
  t.teardown(() => {
    for (const name of names) delete process.env[name];
  });
  const seen = await run('env', []);
  t.match(seen, /^PATH=/m, 'the rest does');
  t.notMatch(seen, '/nowhere');
});

t.test('an aborted command ends with the reason of the abort', async (t) => {
  const controller = new AbortController();
  const running = run('sleep', ['60'], { signal: controller.signal });
  controller.abort(new Error('enough'));
  await t.rejects(running, { message: 'enough' });
  await t.rejects(run('true', [], { signal: controller.signal }), { message: 'enough' });
});

t.test('a folder whose socket path Linux would not take is refused', (t) => {
  t.throws(() => devLayout(`/${'x'.repeat(100)}`), { message: /longer than the 107 bytes/ });
  t.equal(devLayout('/srv/dev').endpoint, 'unix:///srv/dev/csi.sock');
  t.end();
});

t.test('following a file gives what was in it and what is added', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'pannier-follow-')), 'log');
  writeFileSync(path, 'first\n');
  const done = new AbortController();
  let seen = '';
  const following = follow(
    path,
    (chunk) => {
      seen += chunk;
      if (seen === 'first\n') appendFileSync(path, 'second\n');
      else done.abort();
    },
    done.signal,
  );
  await Promise.race([following, sleep(30_000, undefined, { ref: false })]);
  t.equal(seen, 'first\nsecond\n');
});
