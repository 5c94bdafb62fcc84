import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { DevStatus } from '../../src/dev/environment.js';
import { BINARY, pannier } from '../cli/pannier.js';
import { labFolder } from '../lab/folder.js';

const lab = labFolder();
const folder = join(lab, 'dev');
const flag = `-folder=${folder}`;
/** It is stopped and started here: clusters that others start meanwhile take the first ports that are free, far below. */
const port = `-port=${28_000 + (process.pid % 128) * 32}`;

// A caller has these for another Ceph. Each of them alone would keep the commands below from this one.
process.env.CEPH_ARGS = '--conf=/nowhere --id=nobody --keyring=/nowhere';
process.env.CEPH_KEYRING = '/nowhere';

async function status(): Promise<DevStatus & { readonly code: number | null }> {
  const { code, stdout } = await pannier(['dev', 'status', '-json', flag]);
  return { ...JSON.parse(stdout), code };
}

/** Starts `pannier dev` in the foreground; it is killed with the test if it still runs then. */
async function foreground(t: Test) {
  const child = spawn(process.execPath, [BINARY, 'dev', flag, port], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  let said = '';
  const running = new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      said += chunk;
      if (said.includes('are running')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)));
  });
  await running;
  return { child, exit, said: () => said };
}

t.test('in the foreground it runs until it is interrupted, and stops all of it', async (t) => {
  const { child, exit } = await foreground(t);
  t.match(await status(), { code: 0, state: 'running', folder });
  t.match(await pannier(['dev', flag]), { code: 1, stderr: /another pannier dev works on/ });
  child.kill('SIGINT');
  t.strictSame(await exit, [0, null]);
  t.match(await status(), { code: 1, state: 'stopped', pids: {} });
});

t.test('what a kill leaves behind is taken over by the next one', async (t) => {
  const first = await foreground(t);
  const before = await status();
  first.child.kill('SIGKILL');
  await first.exit;
  const second = await foreground(t);
  const after = await status();
  t.equal(after.pids.osd, before.pids.osd, 'Ceph went on');
  t.not(after.pids.plugin, before.pids.plugin, 'the plugin is this one’s');
  second.child.kill('SIGTERM');
  t.strictSame(await second.exit, [0, null]);
  t.strictSame((await status()).pids, {});
});

t.test('stop ends one that runs in the foreground', async (t) => {
  const { exit } = await foreground(t);
  t.equal((await pannier(['dev', 'stop', flag])).code, 0);
  t.strictSame(await exit, [0, null]);
  t.strictSame((await status()).pids, {});
});

t.test('detached it lives on, says where, and a second start finds it', async (t) => {
  const first = await pannier(['dev', '-detach', '-json', flag]);
  t.match(first, { code: 0, stderr: '' });
  const told = JSON.parse(first.stdout) as DevStatus;
  t.match(told, {
    state: 'running',
    endpoint: `unix://${folder}/csi.sock`,
    ceph: { conf: join(folder, 'ceph', 'ceph.conf'), user: 'pannier', pool: 'rbd' },
  });
  t.strictSame(Object.keys(told.pids).sort(), ['mgr', 'mon', 'osd', 'plugin']);
  const probe = await pannier(['plugin', 'status', '-json', `-endpoint=${told.endpoint}`]);
  t.equal(probe.code, 0, probe.stderr);
  const again = JSON.parse((await pannier(['dev', '-detach', '-json', flag])).stdout) as DevStatus;
  t.equal(again.pids.osd, told.pids.osd);
  t.match(await pannier(['dev', flag]), { code: 1, stderr: /runs already .* detached/ });
});

t.test('stop and reset refuse while a volume is mounted, and name it', async (t) => {
  const endpoint = `-endpoint=unix://${folder}/csi.sock`;
  const spec = join(lab, 'volume.hcl');
  const target = join(lab, 'target');
  writeFileSync(
    spec,
    [
      'id = "held"',
      'name = "held"',
      'type = "csi"',
      'plugin_id = "csi.pannier.rbd"',
      'capacity_min = "64MiB"',
      'capability {',
      '  access_mode = "single-node-writer"',
      '  attachment_mode = "file-system"',
      '}',
      '',
    ].join('\n'),
  );
  t.match(await pannier(['volume', 'create', endpoint, spec]), { code: 0 });
  const file = join(lab, 'file');
  writeFileSync(file, '');
  const onFile = await pannier(['volume', 'mount', endpoint, 'held', file]);
  t.match(onFile, { code: 2, stderr: `${file} is not a directory` });
  t.ok(existsSync(file), 'what was there is there');
  const folderOfMine = join(lab, 'mine');
  mkdirSync(folderOfMine);
  t.match(await pannier(['volume', 'mount', endpoint, 'held', folderOfMine]), { code: 0 });
  t.match(await pannier(['volume', 'unmount', endpoint, folderOfMine]), { code: 0 });
  t.ok(existsSync(folderOfMine), 'also after an unmount');

  t.match(await pannier(['volume', 'mount', endpoint, 'held', target]), { code: 0 });
  for (const verb of ['stop', 'reset']) {
    const refused = await pannier([
      'dev',
      verb,
      flag,
      ...(verb === 'reset' ? ['-auto-approve'] : []),
    ]);
    t.equal(refused.code, 1);
    t.match(refused.stderr, target);
  }
  t.equal((await status()).state, 'running');
  const user = spawn('sleep', ['1000'], { cwd: target, stdio: 'ignore' });
  t.teardown(() => user.kill('SIGKILL'));
  t.match(await pannier(['volume', 'unmount', endpoint, target]), {
    code: 1,
    stderr: `in use by processes at ${target}: ${user.pid} (sleep)\nStop what uses it`,
  });
  user.kill('SIGKILL');
  await once(user, 'exit');
  t.match(await pannier(['volume', 'unmount', endpoint, target]), { code: 0 });
});

t.test('stop keeps the volumes for the next start', async (t) => {
  t.equal((await pannier(['dev', 'stop', flag])).code, 0);
  t.match(await status(), { code: 1, state: 'stopped', pids: {} });
  t.equal((await pannier(['dev', 'stop', flag])).code, 0, 'stopping it again is no error');
  t.equal((await pannier(['dev', '-detach', flag])).code, 0);
  const { stdout } = await pannier(['volume', 'status', `-endpoint=unix://${folder}/csi.sock`]);
  t.match(stdout, /held/);
});

t.test('reset asks, takes down what is mounted when forced, and leaves nothing', async (t) => {
  const target = join(lab, 'target');
  const endpoint = `-endpoint=unix://${folder}/csi.sock`;
  t.match(await pannier(['volume', 'mount', endpoint, 'held', target]), { code: 0 });
  t.match(await pannier(['dev', 'reset', flag]), { code: 1 });
  t.match(await pannier(['dev', 'reset', '-force', flag]), { code: 0 });
  t.notOk(existsSync(folder));
  t.match(await status(), { code: 1, state: 'absent', pids: {}, attachments: [] });
  t.match(await pannier(['dev', 'reset', flag]), { code: 2, stderr: /-auto-approve/ });
});

t.test('flags that cannot be are refused before anything is started', async (t) => {
  const cases: Array<[string, RegExp]> = [
    ['-port=80', /-port: "80"/],
    ['-port=x', /-port: "x"/],
    ['-osd-size=lots', /-osd-size: /],
    ['-osd-size=10GiBB', /-osd-size: /],
    ['-pool=a/b', /-pool: invalid value "a\/b": expected the name of a pool\n/],
    ['-pool=.x', /-pool: "\.x"/],
    ['-pool=-x', /-pool: "-x"/],
    ['-pool=', /-pool: invalid value ""/],
    [
      '-log-level=loud',
      /-log-level: invalid value "loud": expected one of debug, info, warn, error\n/,
    ],
  ];
  for (const [bad, stderr] of cases)
    for (const how of [[], ['-detach']])
      t.match(await pannier(['dev', bad, flag, ...how]), { code: 2, stdout: '', stderr }, bad);
  t.notOk(existsSync(folder));
});
