import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { fail } from '../../src/volume/errors.js';
import { here, SPEC } from './here.js';
import { pannier, socketFolder } from './pannier.js';

t.test('status lists all pages aligned, and as JSON', async (t) => {
  const { plugin, run } = await here(t);
  t.match(await run('volume status'), { code: 0, stdout: 'No volumes\n', stderr: '' });
  t.same(JSON.parse((await run('volume status -json')).stdout), []);
  plugin.add('c/rbd/a', 'alpha', 10n << 30n, 'n2', 'n1');
  plugin.add('c/rbd/beta-long', 'beta', 1n << 20n);
  plugin.add('c/rbd/c', '', 3n);
  t.match(await run('volume status'), {
    code: 0,
    stderr: '',
    stdout: [
      'ID               Name    Capacity  Nodes',
      'c/rbd/a          alpha   10 GiB    n1,n2',
      'c/rbd/beta-long  beta    1 MiB     <none>',
      'c/rbd/c          <none>  3 B       <none>',
      '',
    ].join('\n'),
  });
  const listed = JSON.parse((await run('volume status -json')).stdout);
  t.equal(listed.length, 3);
  t.same(listed[0], {
    id: 'c/rbd/a',
    name: 'alpha',
    capacityBytes: 10737418240,
    nodes: ['n1', 'n2'],
    source: null,
    context: { name: 'alpha' },
  });
  const template = '{{range .}}{{.id}}{{"\\n"}}{{end}}';
  const { stdout } = await run(['volume', 'status', '-t', template]);
  t.equal(stdout, 'c/rbd/a\nc/rbd/beta-long\nc/rbd/c\n');
});

t.test('status shows one by handle, name, or the beginning that only one has', async (t) => {
  const { plugin, run } = await here(t);
  plugin.add('c/rbd/a', 'alpha', 10n << 30n, 'n1');
  plugin.add('c/rbd/ab', 'beta', 1n);
  const shown =
    'ID       = c/rbd/a\nName     = alpha\nCapacity = 10 GiB (10737418240 bytes)\nNodes    = n1\nSource   = <none>\n';
  for (const id of ['c/rbd/a', 'alpha', 'al'])
    t.match(await run(`volume status ${id}`), { code: 0, stdout: shown, stderr: '' }, id);
  t.match(JSON.parse((await run('volume status -json alpha')).stdout), {
    id: 'c/rbd/a',
    mounts: [],
  });

  const many = await run('volume status c/rbd');
  t.match(many, { code: 1, stdout: '' });
  t.match(many.stderr, 'Prefix matched multiple volumes\n\nID        Name   Capacity');
  t.same(JSON.parse((await run('volume status -json c/rbd')).stderr), {
    error: {
      code: 'AMBIGUOUS',
      message: 'Prefix matched multiple volumes',
      exitCode: 1,
      details: ['c/rbd/a', 'c/rbd/ab'],
    },
  });
  const none = await run('volume status -json nosuch');
  t.match(none, { code: 1, stdout: '' });
  t.match(JSON.parse(none.stderr), {
    error: { code: 'NOT_FOUND', message: 'volume "nosuch" does not exist', exitCode: 1 },
  });
  t.match(await run('volume status alhpa'), {
    code: 1,
    stderr: /volume "alhpa" does not exist; did you mean "alpha"\?\n/,
  });
});

t.test('create sends what the specification says, and prints the volume', async (t) => {
  const { plugin, run } = await here(t);
  const created = await run('volume create spec.hcl');
  t.match(created, {
    code: 0,
    stdout: 'ID       = fake/rbd/data\nName     = data\nCapacity = 10 GiB\n',
    stderr:
      /^==> \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: Creating volume "data"\n==> \S+Z: Created volume "fake\/rbd\/data"\n$/,
  });
  t.match(plugin.calls[0]?.request, {
    name: 'data',
    capacityRange: { requiredBytes: 10n << 30n },
    secrets: { userKey: 'very-secret' },
  });
  const again = await run('volume create -json -', { input: SPEC });
  t.equal(again.stderr, '', 'nothing but data with -json');
  t.match(JSON.parse(again.stdout), { id: 'fake/rbd/data', capacityBytes: 10737418240 });
});

t.test("create tells the plugin's own error with its code", async (t) => {
  const { plugin, run } = await here(t);
  plugin.failing.set('CreateVolume', () => fail('unknown-pool', { pool: 'p', cluster: 'c' }));
  const { code, stdout, stderr } = await run('volume create spec.hcl');
  t.equal(code, 1);
  t.equal(stdout, '');
  t.match(
    stderr,
    'Error creating volume: CreateVolume: pool "p" does not exist in cluster "c"\nCreate it with',
  );
  const json = await run('volume create -json spec.hcl');
  t.match(json, { code: 1, stdout: '' });
  t.same(JSON.parse(json.stderr), {
    error: {
      code: 'INVALID_ARGUMENT',
      message: 'CreateVolume: pool "p" does not exist in cluster "c"',
      remedy: 'Create it with `ceph osd pool create` and `rbd pool init`, or name another.',
      exitCode: 1,
    },
  });
});

t.test('secrets come from a file, and a bad one is told without its values', async (t) => {
  const { plugin, folder, run } = await here(t);
  await writeFile(join(folder, 'lines'), 'userID=admin\nuserKey=a=b==\n');
  t.equal((await run('volume create -secrets-file lines spec.hcl')).code, 0);
  t.match(plugin.calls[0]?.request.secrets, { userID: 'admin', userKey: 'a=b==' });
  await writeFile(join(folder, 'json'), '{"userKey": "from-json"}');
  const env = { PANNIER_ENDPOINT: `unix://${folder}/csi.sock`, PANNIER_SECRETS_FILE: 'json' };
  t.equal((await run('volume create spec.hcl', { env })).code, 0);
  t.match(plugin.calls[1]?.request.secrets, { userKey: 'from-json' });
  for (const text of ['hidden', '{"a": hidden}', '{"a": {"hidden": 1}}']) {
    await writeFile(join(folder, 'bad'), text);
    const { code, stderr } = await run('volume create -secrets-file bad spec.hcl');
    t.equal(code, 2, text);
    t.match(stderr, /the secrets file bad is not understood/);
    t.notMatch(stderr, /hidden/);
  }
  t.match(await run('volume create -secrets-file none spec.hcl'), {
    code: 2,
    stderr: /cannot read the secrets file: ENOENT/,
  });
});

t.test('a specification with mistakes is told whole, and nothing is sent', async (t) => {
  const { plugin, folder, run } = await here(t);
  await writeFile(join(folder, 'bad.hcl'), SPEC.replace('"10GiB"', '"10 GiBB"'));
  for (const verb of ['validate', 'plan', 'create']) {
    const { code, stdout, stderr } = await run(`volume ${verb} bad.hcl`);
    t.equal(code, 2, verb);
    t.equal(stdout, '', verb);
    t.match(stderr, 'bad.hcl', verb);
    t.match(stderr, '10 GiBB', verb);
  }
  const json = await run('volume plan -json bad.hcl');
  t.match(JSON.parse(json.stderr), {
    error: {
      code: 'SPEC',
      message: /^the specification cannot be used$/,
      exitCode: 2,
      details: [{ severity: 'error' }],
    },
  });
  t.match(await run('volume validate spec.hcl'), {
    code: 0,
    stdout: 'The specification of volume "data" is valid\n',
  });
  t.same(plugin.took(), []);
});

t.test('what Nomad needs is missed at its place, and only where Nomad gets it', async (t) => {
  const { plugin, folder, run } = await here(t);
  await writeFile(join(folder, 'bare.hcl'), SPEC.replace(/^(?:id|plugin_id) .*\n/gm, ''));
  for (const line of ['create -plan', 'plan', 'apply', 'create']) {
    const { code, stdout, stderr } = await run(
      `volume ${line} -address=http://127.0.0.1:1 -register bare.hcl`,
    );
    t.same({ code, stdout }, { code: 2, stdout: '' }, line);
    t.match(stderr, /Error: The volume has no id\n\n {2}on bare\.hcl:/, line);
    t.match(stderr, 'Error: The volume has no plugin_id', line);
  }
  t.same(plugin.took(), []);
  t.match(await run('volume create bare.hcl'), { code: 0, stderr: /^(?!.*Warning)/s });
  const registered = await run('volume register -plan -address=http://127.0.0.1:1 spec.hcl');
  t.match(registered.stderr, 'Warning: The volume has no external_id');
});

t.test('init writes an example that is valid, and never over a file', async (t) => {
  const { run } = await here(t);
  t.match(await run('volume init'), {
    code: 0,
    stdout: 'Example volume specification written to volume.hcl\n',
  });
  t.equal((await run('volume validate volume.hcl')).code, 0);
  t.match(await run('volume init'), { code: 2, stderr: /"volume.hcl" exists already/ });
  t.equal((await run('volume init -json')).code, 0);
  t.equal((await run('volume validate volume.json')).code, 0);
  t.equal((await run('volume init mine.hcl')).code, 0);
  t.match(await run('volume init no/such/folder.hcl'), { code: 1, stderr: /ENOENT/ });
});

t.test('delete takes a whole handle or name, and says when there was none', async (t) => {
  const { plugin, run } = await here(t);
  plugin.add('c/rbd/a', 'alpha', 1n);
  plugin.add('c/rbd/b', 'beta', 1n);
  t.match(await run('volume delete alp'), { code: 1, stderr: /volume "alp" does not exist/ });
  t.same(plugin.took(), []);
  t.match(await run('volume delete alpha'), {
    code: 0,
    stdout: 'Successfully deleted volume "c/rbd/a"!\n',
  });
  t.same(JSON.parse((await run('volume delete -json c/rbd/b')).stdout), { id: 'c/rbd/b' });
  t.same(plugin.took(), ['DeleteVolume', 'DeleteVolume']);
  t.match(await run('volume delete c/rbd/b'), { code: 1, stderr: /"c\/rbd\/b" does not exist/ });
  t.same(
    plugin.took(),
    ['DeleteVolume'],
    'what a cut-short deletion left is finished all the same',
  );
});

t.test('mount and unmount go the whole way, and the record is private', async (t) => {
  const { plugin, folder, run } = await here(t);
  plugin.add('c/rbd/a', 'alpha', 1n << 30n);
  const mount = await run('volume mount -fs-type=xfs -mount-flags=noatime,nodiratime alpha mnt');
  t.match(mount, { code: 0, stdout: `Mounted volume "c/rbd/a" at ${folder}/mnt\n` }, mount.stderr);
  t.match(plugin.calls[2]?.request, {
    volumeId: 'c/rbd/a',
    targetPath: join(folder, 'mnt'),
    publishContext: { device: 'x' },
    volumeContext: { name: 'alpha' },
    volumeCapability: {
      accessMode: { mode: 1 },
      accessType: {
        case: 'mount',
        value: { fsType: 'xfs', mountFlags: ['noatime', 'nodiratime'] },
      },
    },
  });
  t.same(plugin.took(), ['ControllerPublishVolume', 'NodeStageVolume', 'NodePublishVolume']);
  t.equal((await stat(join(folder, 'mounts'))).mode & 0o777, 0o700);

  const again = await run('volume mount -fs-type=xfs -mount-flags=noatime,nodiratime alpha mnt');
  t.equal(again.code, 0, 'it can be repeated');
  t.match(await run('volume mount alpha mnt'), {
    code: 1,
    stderr: /holds volume "c\/rbd\/a" already, with another fsType/,
  });
  const status = await run('volume status alpha');
  t.match(status.stdout, `\n\nMounts\nPath`);
  t.match(
    status.stdout,
    new RegExp(`${folder}/mnt +file-system +single-node-writer +1 MiB +1 GiB`),
  );

  plugin.took();
  t.match(await run('volume unmount mnt'), {
    code: 0,
    stdout: `Unmounted volume "c/rbd/a" from ${folder}/mnt\n`,
  });
  t.same(plugin.took(), ['NodeUnpublishVolume', 'NodeUnstageVolume', 'ControllerUnpublishVolume']);
  t.same(await readdir(join(folder, 'mounts', 'staging')), []);
  t.match(await run('volume unmount mnt'), { code: 1, stderr: /no volume is mounted at/ });
});

t.test('two paths share the stage, which goes with the last', async (t) => {
  const { plugin, run } = await here(t);
  plugin.add('c/rbd/a', 'alpha', 1n);
  for (const path of ['one', 'two'])
    t.equal(
      (await run(`volume mount -access-mode=single-node-multi-writer alpha ${path}`)).code,
      0,
    );
  plugin.took();
  t.equal((await run('volume unmount one')).code, 0);
  t.same(plugin.took(), ['NodeUnpublishVolume']);
  t.equal((await run('volume mount -access-mode=single-node-multi-writer alpha one')).code, 0);
  plugin.took();
  const { stdout } = await run('volume unmount -json alpha');
  t.equal(JSON.parse(stdout).length, 2, 'an ID means all its paths');
  t.same(plugin.took(), [
    'NodeUnpublishVolume',
    'NodeUnpublishVolume',
    'NodeUnstageVolume',
    'ControllerUnpublishVolume',
  ]);
});

t.test(
  'a mount that fails leaves nothing; one that cannot be taken back is remembered',
  async (t) => {
    const { plugin, folder, run } = await here(t);
    plugin.add('c/rbd/a', 'alpha', 1n);
    const busy = () => fail('volume-in-use', { volume: 'c/rbd/a', users: 'another' });
    plugin.failing.set('NodePublishVolume', busy);
    const failed = await run('volume mount alpha mnt');
    t.match(failed, {
      code: 1,
      stdout: '',
      stderr: /Error mounting volume: NodePublishVolume: .*in use by another/,
    });
    t.same(plugin.took().slice(3), [
      'NodeUnpublishVolume',
      'NodeUnstageVolume',
      'ControllerUnpublishVolume',
    ]);
    t.same(await readdir(join(folder, 'mounts')), ['staging']);

    plugin.failing.set('NodeUnstageVolume', busy);
    t.match(await run('volume mount alpha mnt'), {
      code: 1,
      stderr: /Warning: something is left: NodeUnstageVolume: .*pannier volume unmount/s,
    });
    plugin.failing.clear();
    t.equal((await run('volume unmount mnt')).code, 0);
    t.same([...(plugin.volumes.get('c/rbd/a')?.nodes ?? [])], []);

    for (const rpc of ['NodePublishVolume', 'NodeUnstageVolume']) plugin.failing.set(rpc, busy);
    const json = await run('volume mount -json alpha mnt');
    t.match(json, { code: 1, stdout: '' });
    t.match(JSON.parse(json.stderr).error, {
      code: 'FAILED_PRECONDITION',
      message: /^NodePublishVolume: .*in use by another$/,
      remedy: /^Stop what uses it/,
      details: {
        left: /^NodeUnstageVolume: .*in use by another$/,
        remedy: `Take it back with \`pannier volume unmount ${folder}/mnt\``,
      },
    });
  },
);

t.test('a path where the volume cannot be is refused before anything is done', async (t) => {
  const { plugin, folder, run } = await here(t);
  plugin.add('c/rbd/a', 'alpha', 1n);
  const at = (name: string) => join(folder, name);
  await writeFile(at('empty'), '');
  await writeFile(at('data'), 'mine');
  await mkdir(at('full'));
  await writeFile(at('full/file'), 'mine');
  await symlink(folder, at('link'));
  const before = await readdir(folder, { recursive: true });
  const block = '-attachment-mode=block-device ';
  const cases: Array<[string, RegExp]> = [
    ['alpha empty', /\/empty is not a directory\n/],
    ['alpha data', /\/data is not a directory\nRemove what is there/],
    ['alpha full', /\/full is a directory that holds files\n/],
    ['alpha link', /\/link is not a directory\n/],
    ['alpha no/such', /\/no is not a directory\nCreate it first: mkdir -p \/.*\/no\n/],
    ['alpha data/below', /\/data is not a directory\nCreate it first/],
    ['alpha /proc', /\/proc has \w+ mounted on it\n.*`pannier volume unmount \/proc`/],
    [`${block}alpha full`, /\/full is not a file/],
    [`${block}alpha data`, /\/data is a file that holds data\n/],
    [`${block}alpha /proc`, /\/proc has \w+ mounted on it/],
    ['-staging-path=data alpha mnt', /\/data is not a directory\nChoose another -staging-path/],
    ['-staging-path=/proc alpha mnt', /\/proc has \w+ mounted on it/],
  ];
  for (const [line, message] of cases) {
    const refused = await run(`volume mount ${line}`);
    t.match(refused, { code: 2, stdout: '', stderr: message }, line);
    t.match(refused.stderr, 'Error mounting volume: ', line);
  }
  t.same(plugin.took(), []);
  t.same(await readdir(folder, { recursive: true }), before);
  t.equal(await readFile(at('data'), 'utf8'), 'mine');
  t.equal((await run(`volume mount ${block}alpha empty`)).code, 0, 'an empty file will do');
});

t.test('what a mount that fails did not do is not taken back', async (t) => {
  const { plugin, folder, run } = await here(t);
  plugin.add('c/rbd/a', 'alpha', 1n);
  plugin.add('c/rbd/b', 'beta', 1n, 'here');
  const busy = () => fail('volume-in-use', { volume: 'c/rbd/a', users: 'another' });
  const fails = async (rpc: string, line: string) => {
    plugin.failing.set(rpc, busy);
    t.match(await run(`volume mount ${line}`), { code: 1, stderr: /in use by another/ }, rpc);
    plugin.failing.clear();
    return plugin.took();
  };
  t.same(await fails('ControllerPublishVolume', 'alpha mnt'), [
    'ControllerPublishVolume',
    'ControllerUnpublishVolume',
  ]);
  t.same(await fails('NodeStageVolume', 'alpha mnt'), [
    'ControllerPublishVolume',
    'NodeStageVolume',
    'NodeUnstageVolume',
    'ControllerUnpublishVolume',
  ]);
  t.same(
    await fails('NodeStageVolume', 'beta mnt'),
    ['ControllerPublishVolume', 'NodeStageVolume', 'NodeUnstageVolume'],
    'who published it here goes on to have it',
  );
  t.same([...(plugin.volumes.get('c/rbd/b')?.nodes ?? [])], ['here']);

  await mkdir(join(folder, 'mine'));
  await fails('NodePublishVolume', '-staging-path=mine alpha mnt');
  t.ok((await stat(join(folder, 'mine'))).isDirectory(), 'a folder that was there stays');
  await fails('NodePublishVolume', '-staging-path=made alpha mnt');
  await t.rejects(stat(join(folder, 'made')), 'one that was not does not');
  t.equal((await run('volume mount -staging-path=mine alpha mnt')).code, 0);
  t.equal((await run('volume mount -staging-path=mine alpha mnt')).code, 0, 'and again');
  t.match(await run('volume mount -staging-path=mine beta other'), {
    code: 2,
    stderr: /volume "c\/rbd\/a" is staged at .*\/mine\n/,
  });
  t.equal((await run('volume unmount mnt')).code, 0);
  t.ok((await stat(join(folder, 'mine'))).isDirectory(), 'also after an unmount');
  const nowhere = await run('volume mount -staging-path=/proc/pannier/stage alpha mnt');
  t.match(nowhere, { code: 1, stderr: /Error mounting volume: ENOENT: .*\/proc\/pannier/ });
  t.notMatch(nowhere.stderr, 'something is left');
});

t.test('unmount works where the volume is gone, and where the record is', async (t) => {
  const { plugin, folder, run } = await here(t);
  plugin.add('c/rbd/a', 'alpha', 1n);
  t.equal((await run('volume mount alpha mnt')).code, 0);
  plugin.volumes.clear();
  t.equal((await run('volume unmount mnt')).code, 0);

  plugin.add('c/rbd/b', 'beta', 1n);
  t.equal((await run('volume mount beta mnt')).code, 0);
  for (const name of await readdir(join(folder, 'mounts')))
    if (name.endsWith('.json')) await rm(join(folder, 'mounts', name));
  t.match(await run('volume unmount mnt'), { code: 0, stdout: /"c\/rbd\/b"/ });
  t.notOk(plugin.targets.has(join(folder, 'mnt')));
});

t.test('expand grows a volume, and its file system where it is mounted here', async (t) => {
  const { plugin, folder, run } = await here(t);
  plugin.add('c/rbd/data', 'data', 1n << 30n);
  t.match(await run('volume expand data 2GiB'), {
    code: 0,
    stdout: 'Volume "c/rbd/data" had 1 GiB and has 2 GiB now\n',
    stderr: /: Growing volume "c\/rbd\/data" from 1 GiB to 2 GiB\n.*: The volume has 2 GiB now\n$/,
  });
  t.match(await run('volume expand data 1500M'), {
    code: 0,
    stdout: 'Volume "c/rbd/data" has 2 GiB already\n',
    stderr: /Volume "c\/rbd\/data" has 2 GiB, and 1.4 GiB \(1500000000 bytes\) are asked for\n/,
  });
  plugin.took();
  t.match((await run('volume expand data 2500M')).stdout, 'and has 2.3 GiB (2500000000 bytes) now');
  t.same(plugin.took(), ['ControllerExpandVolume']);
  t.equal((await run('volume mount data mnt')).code, 0);
  plugin.took();
  const { stdout } = await run('volume expand -json spec.hcl 3GiB');
  t.same(JSON.parse(stdout), {
    id: 'c/rbd/data',
    previousBytes: 2500000000,
    capacityBytes: 3221225472,
    grownAt: [join(folder, 'mnt')],
    mounts: [
      {
        path: join(folder, 'mnt'),
        stagingPath: plugin.calls[1]?.request.stagingTargetPath,
        attachmentMode: 'file-system',
        accessMode: 'single-node-writer',
        readOnly: false,
        totalBytes: 1073741824,
        usedBytes: 1048576,
        problem: null,
      },
    ],
  });
  t.match(plugin.calls[0]?.request.secrets, { userKey: 'very-secret' });
  t.match(plugin.calls[1]?.request, { volumePath: join(folder, 'mnt') });
  t.same(plugin.took(), ['ControllerExpandVolume', 'NodeExpandVolume']);
  t.match(await run('volume expand data 4GiB'), {
    code: 0,
    stdout: `Volume "c/rbd/data" had 3 GiB and has 4 GiB now\nIts file system at ${folder}/mnt has 1 GiB\n`,
  });
  plugin.targets.clear();
  t.match(
    (await run('volume expand data 5GiB')).stdout,
    /\nThe size of its file system at .*\/mnt is not known: /,
  );
  for (const size of ['10 GiBB', '0', '-1', ''])
    t.equal((await run(['volume', 'expand', 'data', '--', size])).code, 2, `size "${size}"`);
});

t.test('plugin status tells what a plugin is and offers', async (t) => {
  const { folder, run } = await here(t);
  const { code, stdout } = await run('plugin status');
  t.equal(code, 0);
  t.match(stdout, 'Name        = fake.pannier\nVersion     = 1.2.3\nEndpoint    = unix://');
  t.match(stdout, 'Ready       = true\n');
  t.match(stdout, 'Node ID     = here\nMax Volumes = no limit\n');
  t.match(stdout, '\n\nController Capabilities\nCREATE_DELETE_VOLUME\nPUBLISH_UNPUBLISH_VOLUME\n');
  t.match(JSON.parse((await run('plugin status -json')).stdout), {
    name: 'fake.pannier',
    endpoint: `unix://${folder}/csi.sock`,
    nodeCapabilities: ['STAGE_UNSTAGE_VOLUME'],
    node: { id: 'here', maxVolumes: 0, topology: { rack: 'a' } },
  });
});

t.test('a socket whose plugin was killed is told as that', async (t) => {
  const folder = await socketFolder(t);
  const path = join(folder, 'dead.sock');
  const listen = `net.createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await new Promise((resolve) => execFile(process.execPath, ['-e', listen], resolve));
  t.match(await pannier(['volume', 'status', `-endpoint=${path}`]), {
    code: 3,
    stderr: /nothing listens there/,
  });
});

t.test('what listens and is no plugin is told as that', async (t) => {
  const folder = await socketFolder(t);
  const path = join(folder, 'other.sock');
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  t.teardown(() => server.close());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.match(await pannier(['volume', 'status', `-endpoint=${path}`]), {
    code: 3,
    stderr: /no plugin answers at .*other\.sock: \S+/,
  });
});
