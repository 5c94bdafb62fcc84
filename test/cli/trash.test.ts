import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { Work_Kind as Kind } from '../../src/proto/pannier/admin/v1/admin_pb.js';
import { fail } from '../../src/volume/errors.js';
import type { FakeDeletion } from './fake-plugin.js';
import { here } from './here.js';
import { BINARY } from './pannier.js';

const HOUR_MS = 3_600_000;

function deletion(change: Partial<FakeDeletion>): FakeDeletion {
  return {
    volumeId: 'c/rbd/a',
    name: 'alpha',
    imageId: '10d6',
    sizeBytes: 1n << 30n,
    deleted: new Date('2026-01-02T15:04:05.678Z'),
    until: new Date(0),
    snapshots: 0,
    freeing: false,
    ...change,
  };
}

t.test('trash list shows what is kept, until when, and by how many snapshots', async (t) => {
  const until = new Date(Date.now() + HOUR_MS);
  const { plugin, run } = await here(t);
  t.match(await run('volume trash list'), { code: 0, stdout: 'No deleted volumes\n', stderr: '' });
  plugin.admin?.deleted.push(
    deletion({ imageId: '1', until, snapshots: 2 }),
    deletion({ imageId: '2', snapshots: 1 }),
    deletion({ imageId: '3' }),
    deletion({ imageId: '4', until, snapshots: 1, freeing: true }),
  );
  const time = until.toISOString().replace(/\.\d+Z/, 'Z');
  const row = (id: number, kept: string, snapshots: number) =>
    `c/rbd/a  alpha  ${id}         1 GiB  2026-01-02T15:04:05Z  ${kept.padEnd(20)}  ${snapshots}`;
  t.match(await run('volume trash list'), {
    code: 0,
    stderr: '',
    stdout: [
      'ID       Name   Image ID  Size   Deleted               Kept Until            Snapshots',
      row(1, time, 2),
      row(2, 'its snapshots go', 1),
      row(3, 'being freed', 0),
      row(4, 'being freed', 1),
      '',
    ].join('\n'),
  });
  t.same(JSON.parse((await run('volume trash list -json')).stdout)[0], {
    id: 'c/rbd/a',
    name: 'alpha',
    imageId: '1',
    sizeBytes: 1073741824,
    snapshots: 2,
    freeing: false,
    deleted: '2026-01-02T15:04:05.678Z',
    keptUntil: until.toISOString(),
  });
  const template = '{{range .}}{{.imageId}} {{.deleted}}{{end}}';
  t.match((await run(['volume', 'trash', 'list', '-t', template])).stdout, /^1 2026-01-02T/);
});

t.test('undelete takes a whole handle or name, and an image where it matters', async (t) => {
  const { plugin, run } = await here(t);
  plugin.admin?.deleted.push(deletion({ imageId: '2' }), deletion({ imageId: '1' }));
  t.match(await run('volume undelete alpha'), {
    code: 0,
    stdout: 'ID       = c/rbd/a\nName     = alpha\nCapacity = 1 GiB\n',
    stderr: /^==> \S+Z: Took volume "c\/rbd\/a" back\n$/,
  });
  t.match(JSON.parse((await run('volume undelete -json -image-id=1 c/rbd/a')).stdout), {
    id: 'c/rbd/a',
    capacityBytes: 1073741824,
  });
  t.match(
    plugin.calls.map(({ request }) => [request.volumeId, request.imageId]),
    [
      ['c/rbd/a', ''],
      ['c/rbd/a', '1'],
    ],
  );
  plugin.took();
  t.match(await run('volume undelete alp'), {
    code: 1,
    stderr: /Error undeleting volume: no deleted volume "alp" is kept\nList what is kept/,
  });
  t.same(plugin.took(), []);
  t.match(await run('volume undelete c/rbd/nosuch'), { code: 1, stderr: /UndeleteVolume: no del/ });
  t.same(plugin.took(), ['UndeleteVolume'], 'one that was cut short does not show');

  plugin.admin?.deleted.push(deletion({ volumeId: 'c/fast/a', imageId: '3' }));
  const several = await run('volume undelete alpha');
  t.match(several, { code: 1, stdout: '' });
  t.match(several.stderr, /several deleted volumes were called "alpha"\n\nID +Name/);
  t.match(several.stderr, /\nName one by its ID\.\n$/);
  t.same(plugin.took(), []);
});

t.test('trash delete frees one volume, and only where that is confirmed', async (t) => {
  const { plugin, run } = await here(t);
  plugin.admin?.deleted.push(deletion({ imageId: '2', snapshots: 1 }));
  t.match(await run('volume trash delete alpha'), {
    code: 2,
    stdout: '',
    stderr: /^Nobody can be asked here: confirm with -auto-approve\n/,
  });
  t.same(plugin.took(), []);
  t.match(await run('volume trash delete -auto-approve alpha'), {
    code: 0,
    stdout:
      'Deleted volume "c/rbd/a" is freed once its snapshots (1) are deleted, and the clones of them\n',
  });
  t.match(plugin.calls[0], {
    rpc: 'FreeDeletedVolume',
    request: { volumeId: 'c/rbd/a', imageId: '2' },
  });
  plugin.took();

  plugin.admin?.deleted.push(deletion({ imageId: '1' }));
  const several = await run('volume trash delete -auto-approve -json c/rbd/a');
  t.match(several, { code: 1, stdout: '' });
  t.match(JSON.parse(several.stderr), {
    error: {
      code: 'AMBIGUOUS',
      remedy: 'Say which one with -image-id.',
      details: [{ imageId: '2' }, { imageId: '1' }],
    },
  });
  t.same(plugin.took(), []);
  t.same(
    JSON.parse((await run('volume trash delete -auto-approve -json -image-id=1 alpha')).stdout),
    { id: 'c/rbd/a', imageIds: ['1'], snapshots: 0 },
  );
  for (const line of ['nosuch', '-image-id=9 alpha'])
    t.match(await run(`volume trash delete -auto-approve ${line}`), {
      code: 1,
      stderr: /no deleted volume "\w+" is kept/,
    });
});

t.test('trash delete asks at a terminal, and only yes is yes', async (t) => {
  const { plugin, folder } = await here(t);
  plugin.admin?.deleted.push(deletion({}));
  // script(1) gives a program a terminal.
  const answer = async (word: string) => {
    const command = `${process.execPath} ${BINARY} volume trash delete alpha`;
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { ...process.env, PANNIER_ENDPOINT: `unix://${folder}/csi.sock` },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let shown = '';
    child.stdout.on('data', (chunk) => {
      shown += chunk;
      if (shown.includes('[y/N]')) child.stdin.end(`${word}\n`);
    });
    const [code] = await once(child, 'close');
    return { code, shown };
  };
  for (const word of ['', 'n', 'yess'])
    t.match(await answer(word), { code: 0, shown: /\(image 10d6\)\?.*Nothing was freed/s }, word);
  t.same(plugin.took(), []);
  t.match(await answer('yes'), { code: 0, shown: /Deleted volume "c\/rbd\/a" is being freed/ });
  t.same(plugin.took(), ['FreeDeletedVolume']);
});

t.test('a driver that keeps no deleted volumes is told as that', async (t) => {
  const { run } = await here(t, (plugin) => {
    plugin.admin = undefined;
  });
  for (const line of ['trash list', 'trash delete -auto-approve a', 'undelete a']) {
    const { code, stdout, stderr } = await run(`volume ${line} -json`);
    t.match({ code, stdout }, { code: 1, stdout: '' }, line);
    t.match(JSON.parse(stderr), { error: { code: 'UNIMPLEMENTED', remedy: /-endpoint/ } }, line);
  }
  const { stdout } = await run('plugin status');
  t.notMatch(stdout, 'Background Work');
  t.match(JSON.parse((await run('plugin status -json')).stdout), {
    work: null,
    workProblem: null,
  });
});

t.test('what the background does shows at the volume and at the plugin', async (t) => {
  const { plugin, run } = await here(t);
  plugin.add('c/rbd/a', 'alpha', 1n);
  plugin.admin?.work.push(
    { kind: Kind.FLATTEN_IMAGE, volumeId: 'c/rbd/a', percent: 37 },
    { kind: Kind.FLATTEN_IMAGE, volumeId: 'c/rbd/b', percent: 12 },
    { kind: Kind.FREE_IMAGE, volumeId: 'c/rbd/a', until: new Date(0) },
    { kind: Kind.FREE_IMAGE, volumeId: 'c/rbd/a', until: new Date(Date.now() + HOUR_MS) },
  );
  const { stdout } = await run('volume status alpha');
  t.match(stdout, '\nSource   = <none>\nWork     = Flattening 37 %\n');
  t.notMatch(stdout, '12 %');
  t.match(JSON.parse((await run('volume status -json alpha')).stdout), {
    work: [{ kind: 'FLATTEN_IMAGE', percent: 37 }],
  });

  t.match(
    (await run('plugin status')).stdout,
    '\n\nBackground Work\nFREE_IMAGE      = 2 (1 kept for now)\nREMOVE_SNAPSHOT = 0\nFLATTEN_IMAGE   = 2\n',
  );
  t.match(JSON.parse((await run('plugin status -json')).stdout), {
    work: [
      { kind: 'FREE_IMAGE', count: 2, waiting: 1 },
      { kind: 'REMOVE_SNAPSHOT', count: 0, waiting: 0 },
      { kind: 'FLATTEN_IMAGE', count: 2, waiting: 0 },
    ],
  });

  plugin.failing.set('ListWork', () =>
    fail('cluster-unavailable', { cluster: 'c', problem: 'no answer' }),
  );
  const down = await run('plugin status');
  t.equal(down.code, 0, 'a plugin is shown while its cluster does not answer');
  t.match(down.stdout, /\n\nBackground Work\nunknown: ListWork: cluster "c" does not answer/);
});
