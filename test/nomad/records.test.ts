import t from 'tap';
import { pannier, type Ran } from '../cli/pannier.js';
import { completed, running } from '../lab/nomad/allocations.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { consumerJob, HOLD } from './consumer.js';
import { startSite } from './site.js';
import { createVolume, imageOf, imagesIn, readVolume, unclaimed, volumeSpec } from './volumes.js';

/** What we answer to a deletion of one of several. */
const SHARED = /deleting one deletes the data of all[\s\S]*`pannier volume deregister`/;

const site = await startSite();
const { nomad, ceph } = site;

/** Our own command line. */
function ours(line: string): Promise<Ran> {
  return pannier(line.split(' '), { env: { NOMAD_ADDR: nomad.address } });
}

/** Runs a batch job with a volume, and returns what its script printed. */
let batches = 0;
async function withVolume(source: string, script: string, namespace = 'default'): Promise<string> {
  const id = `batch-${++batches}`;
  const volumes = { data: { source } };
  await nomad.runJob(consumerJob({ id, type: 'batch', script, volumes, namespace }));
  const query = `namespace=${namespace}`;
  const { ID } = await completed(nomad, id, query);
  const said = await nomad.cli('alloc', 'logs', `-namespace=${namespace}`, ID);
  await unclaimed(nomad, source, query);
  return said.trim();
}

async function stop(job: string): Promise<void> {
  await nomad.cli('job', 'stop', '-detach', job);
}

t.test(
  'an image under two volumes, in two namespaces: no command deletes it by mistake',
  async (t) => {
    await nomad.cli('namespace', 'apply', 'web');
    const external = await createVolume(site, 'data');
    await withVolume('data', 'echo kept >/data/letter && sync');
    const twin = (id: string, more = '') =>
      site.file(`${id}.hcl`, volumeSpec({ id, more: `external_id = "${external}"\n${more}` }));
    await nomad.cli('volume', 'register', twin('twin'));
    await nomad.cli('volume', 'register', twin('data-web', 'namespace = "web"'));

    await nomad.runJob(
      consumerJob({ id: 'user', script: HOLD, volumes: { data: { source: 'data' } } }),
    );
    await running(nomad, 'user');
    await t.rejects(
      nomad.cli('volume', 'delete', 'twin'),
      /is in use/,
      'Nomad would; the plugin refuses',
    );
    await t.rejects(nomad.cli('volume', 'delete', '-namespace=web', 'data-web'), /is in use/);
    await stop('user');
    await unclaimed(nomad, 'data');

    for (const line of ['data', 'twin', '-namespace=web data-web'])
      t.match(await ours(`volume delete ${line}`), {
        code: 1,
        stderr: SHARED,
      });
    t.equal((await imagesIn(ceph)).length, 1);
    const check = JSON.parse((await ours('nomad check -json')).stdout);
    t.match(
      check.findings.filter(({ kind }: { kind: string }) => kind === 'registered-twice'),
      [{ subject: /"data".*"twin"|"twin".*"data"/ }],
    );
    await nomad.cli('volume', 'deregister', 'twin');
    await nomad.cli('volume', 'deregister', '-namespace=web', 'data-web');
    t.equal(await withVolume('data', 'cat /data/letter'), 'kept');
    t.match(await ours('volume delete data'), { code: 0 });
  },
);

t.test('volumes of one id in two namespaces are two volumes, mounted at once', async (t) => {
  for (const namespace of ['web', 'api']) {
    await nomad.cli('namespace', 'apply', namespace);
    const more = `namespace = "${namespace}"`;
    const spec = volumeSpec({ id: 'same', name: `same-${namespace}`, more });
    await nomad.cli('volume', 'create', site.file(`same-${namespace}.hcl`, spec));
    await withVolume('same', `echo ${namespace} >/data/whose && sync`, namespace);
    const volumes = { data: { source: 'same' } };
    await nomad.runJob(consumerJob({ id: 'holds', namespace, script: HOLD, volumes }));
  }
  for (const namespace of ['web', 'api']) {
    const query = `namespace=${namespace}`;
    const [holder] = await running(nomad, 'holds', { query });
    const exec = ['alloc', 'exec', `-namespace=${namespace}`, '-i=false', '-t=false'];
    t.equal(
      await nomad.cli(...exec, holder?.ID ?? '', '/bin/cat', '/data/whose'),
      `${namespace}\n`,
    );
  }
  for (const namespace of ['web', 'api']) {
    await nomad.cli('job', 'stop', '-detach', `-namespace=${namespace}`, 'holds');
    await unclaimed(nomad, 'same', `namespace=${namespace}`);
    await nomad.cli('volume', 'delete', `-namespace=${namespace}`, 'same');
  }
});

t.test('two volumes of one name are one image, which we say before it is made', async (t) => {
  const first = site.file('one.hcl', volumeSpec({ id: 'one', name: 'shared' }));
  const second = site.file('two.hcl', volumeSpec({ id: 'two', name: 'shared' }));
  await nomad.cli('volume', 'create', first);
  t.match(await ours(`volume validate ${first} ${second}`), {
    stderr: /The name "shared" is another volume's too/,
  });
  await nomad.cli('volume', 'create', second);
  t.equal((await imagesIn(ceph)).length, 1);
  t.match(await ours('volume delete two'), { code: 1, stderr: SHARED });
  await nomad.cli('volume', 'deregister', 'two');
  await nomad.cli('volume', 'delete', 'one');
});

t.test('what can never change is named, and nothing is changed', async (t) => {
  const external = await createVolume(site, 'fixed');
  const { id } = await imageOf(ceph, external);
  const changes: [string, Parameters<typeof volumeSpec>[0], RegExp][] = [
    ['name', { id: 'fixed', name: 'another' }, /name/],
    ['parameters', { id: 'fixed', more: 'parameters {\n  stripe_count = "2"\n}' }, /parameters/],
    ['clone_id', { id: 'fixed', more: 'clone_id = "ceph/rbd/x"' }, /clone_id/],
  ];
  for (const [what, fields, named] of changes) {
    const spec = site.file('changed.hcl', volumeSpec(fields));
    await t.rejects(nomad.cli('volume', 'create', spec), /cannot be updated/, what);
    t.match(await ours(`volume plan ${spec}`), { stdout: named }, what);
    t.match(await ours(`volume apply ${spec}`), { code: 1, stderr: named }, what);
    t.match(await ours(`volume create ${spec}`), {
      code: 1,
      stderr: /cannot be updated.*\n.*volume plan/,
    });
  }
  t.equal((await imageOf(ceph, external)).id, id);
  await nomad.cli('volume', 'delete', 'fixed');
});

t.test('mount options change while nobody uses the volume, and not before', async (t) => {
  await createVolume(site, 'options');
  const spec = site.file(
    'options.hcl',
    volumeSpec({ id: 'options' }).replace(
      'fs_type = "xfs"',
      'fs_type = "xfs"\n  mount_flags = ["noatime"]',
    ),
  );
  const flags =
    'while read -r _ point _ options _; do [ $point = /data ] && echo $options; done </proc/mounts; true';
  t.notMatch(await withVolume('options', flags), 'noatime');
  await nomad.runJob(
    consumerJob({ id: 'user', script: HOLD, volumes: { data: { source: 'options' } } }),
  );
  await running(nomad, 'user');
  t.match(await ours(`volume create ${spec}`), {
    code: 1,
    stderr: /can not update mount options while volume is in use\n/,
  });
  await stop('user');
  await unclaimed(nomad, 'options');
  t.match(await ours(`volume create ${spec}`), { code: 0 });
  t.match(await withVolume('options', flags), 'noatime');
  await nomad.cli('volume', 'delete', 'options');
});

t.test('a volume whose secrets Nomad lost works as before', async (t) => {
  const secrets = `secrets {\n  userID  = "${ceph.user}"\n  userKey = "${ceph.key}"\n}`;
  await createVolume(site, 'secret', { more: secrets });
  t.equal(await withVolume('secret', 'echo kept >/data/letter && cat /data/letter'), 'kept');
  // A specification without them takes them away, as a version of Nomad's did when a volume was read.
  await nomad.cli(
    'volume',
    'register',
    site.file(
      'secret.hcl',
      volumeSpec({
        id: 'secret',
        more: `external_id = "${(await readVolume(nomad, 'secret')).ExternalID}"`,
      }),
    ),
  );
  t.equal(await withVolume('secret', 'cat /data/letter'), 'kept');
  await nomad.cli('volume', 'delete', 'secret');
});

t.test('nothing is left', async (t) => {
  t.same(await whatIsLeft(ceph, site.folder), NOTHING);
});
