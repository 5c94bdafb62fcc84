import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { fail } from '../../src/volume/errors.js';
import { nameKey } from '../../src/volume/name.js';
import { NOW } from './fake-plugin.js';
import { here } from './here.js';

const GIB = 1n << 30n;
const SOURCE = `fake/rbd/team/pannier-data-${nameKey('data')}`;
/** A handle as Pannier makes it for a snapshot of this name. */
const handleOf = (name: string) => `${SOURCE}@${name}-${nameKey(name)}-abcdef`;

t.test(
  'create sends the source, the name and the parameters, and prints the snapshot',
  async (t) => {
    const { plugin, folder, run } = await here(t);
    plugin.add('c/rbd/a', 'alpha', 10n * GIB);
    await writeFile(join(folder, 'secrets'), 'userID=admin\nuserKey=very=secret\n');
    const taken = await run('snapshot create -secrets-file=secrets -parameter=a=b=c alpha first');
    t.match(taken, {
      code: 0,
      stdout:
        'ID      = c/rbd/a@first\nSource  = c/rbd/a\nSize    = 10 GiB (10737418240 bytes)\nCreated = 2026-01-02T15:04:05Z\nReady   = true\n',
      stderr:
        /^==> \S+Z: Taking snapshot "first" of volume "c\/rbd\/a"\n==> \S+Z: Took snapshot "c\/rbd\/a@first"\n$/,
    });
    t.match(plugin.calls[0], {
      rpc: 'CreateSnapshot',
      request: {
        sourceVolumeId: 'c/rbd/a',
        name: 'first',
        parameters: { a: 'b=c' },
        secrets: { userID: 'admin', userKey: 'very=secret' },
      },
    });
    const json = await run('snapshot create -json c/rbd/a first');
    t.equal(json.stderr, '', 'nothing but data with -json');
    t.same(JSON.parse(json.stdout), {
      id: 'c/rbd/a@first',
      name: 'first',
      sourceVolumeId: 'c/rbd/a',
      sizeBytes: 10737418240,
      created: '2026-01-02T15:04:05.678Z',
      readyToUse: true,
    });
    t.equal(
      (await run(['snapshot', 'create', '-t', '{{.created}}', 'alpha', 'x'])).stdout,
      '2026-01-02T15:04:05.678Z\n',
    );
  },
);

t.test(
  'create without a name makes one of the time and the volume, each time another',
  async (t) => {
    const { plugin, run } = await here(t);
    plugin.add('c/rbd/a', 'Alpha Beta', 1n);
    for (let round = 0; round < 2; round++) t.equal((await run('snapshot create c/rbd/a')).code, 0);
    const names = plugin.calls.map(({ request }) => String(request.name));
    for (const name of names) t.match(name, /^\d{8}T\d{9}Z-alpha-beta$/);
    t.not(names[0], names[1]);
  },
);

t.test('create refuses what it cannot send, and tells why the plugin refused', async (t) => {
  const { plugin, run } = await here(t);
  plugin.add('c/rbd/a', 'alpha', 1n);
  t.match(await run('snapshot create nosuch first'), {
    code: 1,
    stderr: /Error creating snapshot: volume "nosuch" does not exist/,
  });
  for (const word of ['x', '=x'])
    t.match(await run(`snapshot create -parameter=${word} alpha first`), {
      code: 2,
      stderr: /invalid value "=?x" for -parameter: write -parameter=key=value/,
    });
  t.same(plugin.took(), []);
  plugin.failing.set('CreateSnapshot', () =>
    fail('snapshot-exists', { name: 'first', difference: 'another' }),
  );
  const json = await run('snapshot create -json alpha first');
  t.match(json, { code: 1, stdout: '' });
  t.match(JSON.parse(json.stderr), { error: { code: 'ALREADY_EXISTS', exitCode: 1 } });
});

t.test('list shows all pages aligned, the oldest first, or those of one volume', async (t) => {
  const { plugin, run } = await here(t);
  t.match(await run('snapshot list'), { code: 0, stdout: 'No snapshots\n', stderr: '' });
  plugin.add('c/rbd/a', 'alpha', GIB);
  plugin.addSnapshot('c/rbd/a@late', 'c/rbd/a', GIB, NOW);
  plugin.addSnapshot('c/rbd/a@early', 'c/rbd/a', GIB, new Date(NOW.getTime() - 86_400_000));
  plugin.addSnapshot('c/rbd/gone@x', 'c/rbd/gone', 3n, new Date(NOW.getTime() - 1000));
  t.match(await run('snapshot list'), {
    code: 0,
    stderr: '',
    stdout: [
      'ID             Source      Size   Created               Ready',
      'c/rbd/a@early  c/rbd/a     1 GiB  2026-01-01T15:04:05Z  true',
      'c/rbd/gone@x   c/rbd/gone  3 B    2026-01-02T15:04:04Z  true',
      'c/rbd/a@late   c/rbd/a     1 GiB  2026-01-02T15:04:05Z  true',
      '',
    ].join('\n'),
  });
  const ids = async (source: string) =>
    JSON.parse((await run(`snapshot list -json -source=${source}`)).stdout).map(
      ({ id }: { id: string }) => id,
    );
  t.same(await ids('alpha'), ['c/rbd/a@early', 'c/rbd/a@late']);
  t.same(await ids('c/rbd/gone'), ['c/rbd/gone@x'], 'its volume is deleted');
  t.match(await run('snapshot list -source=gone'), {
    code: 1,
    stdout: '',
    stderr: /volume "gone" does not exist\nWhere it is deleted, give the ID/,
  });
});

t.test('status shows one by handle, name, or a beginning, and what was made from it', async (t) => {
  const { plugin, run } = await here(t);
  plugin.addSnapshot(handleOf('before'), SOURCE, GIB, NOW);
  plugin.addSnapshot(handleOf('before-that'), SOURCE, GIB, NOW);
  plugin.addSnapshot('other/driver-snap', 'other/vol', 1n, NOW);
  const shown = `ID      = ${handleOf('before')}\nSource  = ${SOURCE}\nSize    = 1 GiB (1073741824 bytes)\nCreated = 2026-01-02T15:04:05Z\nReady   = true\n`;
  for (const id of [handleOf('before'), 'before', `before-${nameKey('before').slice(0, 3)}`])
    t.match(await run(`snapshot status ${id}`), { code: 0, stdout: shown, stderr: '' }, id);
  t.match(JSON.parse((await run('snapshot status -json other/dri')).stdout), {
    id: 'other/driver-snap',
    volumes: [],
  });
  const many = await run('snapshot status befo');
  t.match(many, { code: 1, stdout: '', stderr: /Prefix matched multiple snapshots\n\nID +Source/ });
  t.match(await run('snapshot status nosuch'), {
    code: 1,
    stderr: /Error reading snapshot: snapshot "nosuch" does not exist\nList what exists/,
  });

  t.equal((await run('snapshot restore before copy')).code, 0);
  const status = await run('snapshot status before');
  t.match(status.stdout, /\n\nVolumes\nID +Name +Capacity +Nodes\nfake\/rbd\/copy +copy +1 GiB/);
  t.match(JSON.parse((await run('snapshot status -json before')).stdout), {
    volumes: ['fake/rbd/copy'],
  });
});

t.test('delete takes a whole handle or name, and says when there was none', async (t) => {
  const { plugin, run } = await here(t);
  plugin.addSnapshot(handleOf('before'), SOURCE, GIB, NOW);
  plugin.addSnapshot('other/driver-snap', 'other/vol', 1n, NOW);
  for (const id of ['befor', 'other/driver'])
    t.match(await run(`snapshot delete ${id}`), { code: 1, stderr: /" does not exist/ });
  t.same(plugin.took(), [], 'a beginning deletes nothing');
  t.match(await run('snapshot delete before'), {
    code: 0,
    stdout: `Successfully deleted snapshot "${handleOf('before')}"!\n`,
  });
  t.same(JSON.parse((await run('snapshot delete -json other/driver-snap')).stdout), {
    id: 'other/driver-snap',
  });
  t.same(plugin.took(), ['DeleteSnapshot', 'DeleteSnapshot']);
  t.match(await run(`snapshot delete ${handleOf('before')}`), { code: 1, stderr: /not exist/ });
  t.same(plugin.took(), ['DeleteSnapshot'], 'what a cut-short creation left goes all the same');
});

t.test(
  'restore makes a volume of the same size in the same place, unless told otherwise',
  async (t) => {
    const { plugin, run } = await here(t);
    const id = handleOf('before');
    plugin.addSnapshot(id, SOURCE, 3n * GIB, NOW);
    t.match(await run('snapshot restore before copy'), {
      code: 0,
      stdout: `ID       = fake/rbd/copy\nName     = copy\nCapacity = 3 GiB\nSource   = snapshot ${id}\n`,
      stderr:
        /Restoring snapshot ".*" as volume "copy"\n==> \S+ Created volume "fake\/rbd\/copy"\n$/,
    });
    const request = () => plugin.calls.splice(0)[0]?.request;
    t.match(request(), {
      name: 'copy',
      capacityRange: { requiredBytes: 3n * GIB, limitBytes: 0n },
      parameters: { cluster: 'fake', pool: 'rbd', namespace: 'team' },
      volumeContentSource: { type: { case: 'snapshot', value: { snapshotId: id } } },
      volumeCapabilities: [
        { accessMode: { mode: 1 }, accessType: { case: 'mount', value: { fsType: '' } } },
      ],
    });

    const flags =
      '-size=5GiB -parameter=pool=fast -parameter=dataPool=ec -access-mode=multi-node-multi-writer -attachment-mode=block-device';
    t.match(JSON.parse((await run(`snapshot restore -json ${flags} ${id} other`)).stdout), {
      capacityBytes: 5368709120,
      source: { kind: 'snapshot', id },
    });
    const other = request();
    t.same(
      other?.parameters,
      { pool: 'fast', dataPool: 'ec' },
      'another pool has other namespaces',
    );
    t.match(other, {
      volumeCapabilities: [{ accessMode: { mode: 5 }, accessType: { case: 'block' } }],
    });

    plugin.addSnapshot('other/driver-snap', 'other/vol', GIB, NOW);
    t.equal((await run('snapshot restore other/driver-snap third')).code, 0);
    t.same(request()?.parameters, {}, 'what is not a handle of ours tells no place');

    for (const size of ['0', '10GiBB'])
      t.equal((await run(`snapshot restore -size=${size} before fourth`)).code, 2, size);
    t.match(await run('snapshot restore nosuch fifth'), {
      code: 1,
      stderr: /Error restoring snapshot: snapshot "nosuch" does not exist/,
    });
    t.same(plugin.took(), []);
  },
);

t.test('volume clone makes a volume from another alike', async (t) => {
  const { plugin, folder, run } = await here(t);
  plugin.add(SOURCE, 'data', 2n * GIB);
  await writeFile(join(folder, 'secrets'), 'userKey=hidden\n');
  const cloned = await run('volume clone -secrets-file=secrets -fs-type=xfs data copy');
  t.match(cloned, {
    code: 0,
    stdout: `ID       = fake/rbd/copy\nName     = copy\nCapacity = 2 GiB\nSource   = volume ${SOURCE}\n`,
    stderr: /Cloning volume ".*" as "copy"\n==> \S+ Created volume "fake\/rbd\/copy"\n$/,
  });
  t.match(plugin.calls[0]?.request, {
    name: 'copy',
    capacityRange: { requiredBytes: 2n * GIB },
    parameters: { cluster: 'fake', pool: 'rbd', namespace: 'team' },
    secrets: { userKey: 'hidden' },
    volumeContentSource: { type: { case: 'volume', value: { volumeId: SOURCE } } },
    volumeCapabilities: [{ accessType: { case: 'mount', value: { fsType: 'xfs' } } }],
  });
  t.match(await run('volume clone nosuch copy'), {
    code: 1,
    stderr: /Error cloning volume: volume "nosuch" does not exist/,
  });
  const status = await run('volume status copy');
  t.match(status.stdout, `\nSource   = volume ${SOURCE}\n`);
});

t.test('a specification names its content source, and never two', async (t) => {
  const { plugin, folder, run } = await here(t);
  const spec = (text: string) =>
    writeFile(
      join(folder, 'copy.hcl'),
      `id = "c"\nname = "c"\ntype = "csi"\nplugin_id = "rbd"\n${text}\ncapability {\n  access_mode = "single-node-writer"\n  attachment_mode = "file-system"\n}\n`,
    );
  for (const [line, source] of [
    ['snapshot_id = "c/rbd/a@x"', { snapshot: { snapshot_id: 'c/rbd/a@x' } }],
    ['clone_id = "c/rbd/a"', { volume: { volume_id: 'c/rbd/a' } }],
  ] as const) {
    await spec(line);
    const plan = JSON.parse((await run('volume plan -json copy.hcl')).stdout);
    t.same(plan[0].requests[0].request.volume_content_source, source);
  }
  t.match(await run('volume create copy.hcl'), { code: 0, stdout: /Source {3}= volume c\/rbd\/a/ });
  plugin.took();
  await spec('snapshot_id = "c/rbd/a@x"\nclone_id = "c/rbd/a"');
  const both = await run('volume create copy.hcl');
  t.match(both, { code: 2, stdout: '' });
  t.match(both.stderr, /snapshot_id and clone_id exclude each other\n\n {2}on copy.hcl:6:12/);
  t.same(plugin.took(), []);
});

t.test('volume status shows the snapshots of a volume', async (t) => {
  const { plugin, run } = await here(t);
  plugin.add('c/rbd/a', 'alpha', GIB);
  plugin.addSnapshot('c/rbd/a@x', 'c/rbd/a', GIB, NOW);
  plugin.addSnapshot('c/rbd/b@y', 'c/rbd/b', GIB, NOW);
  const { stdout } = await run('volume status alpha');
  t.match(
    stdout,
    /\nSource +=.*\n\nSnapshots\nID +Size +Created +Ready\nc\/rbd\/a@x +1 GiB +2026-01-02T15:04:05Z +true\n$/,
  );
  t.match(JSON.parse((await run('volume status -json alpha')).stdout), {
    snapshots: [{ id: 'c/rbd/a@x', sourceVolumeId: 'c/rbd/a' }],
  });
});

t.test('a driver without snapshots shows its volumes all the same', async (t) => {
  const { plugin, run } = await here(t, (plugin) => {
    plugin.offersSnapshots = false;
    plugin.admin = undefined;
  });
  plugin.add('c/rbd/a', 'alpha', GIB);
  t.match(await run('volume status alpha'), { code: 0, stdout: /^ID +=.*\n(?:\w+ +=.*\n)+$/ });
  t.match(JSON.parse((await run('volume status -json alpha')).stdout), {
    snapshots: null,
    work: null,
  });
  t.match(await run('snapshot list -json'), { code: 1, stderr: /"code": "UNIMPLEMENTED"/ });
});
