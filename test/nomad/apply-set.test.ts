import t from 'tap';
import { pannier, type Ran } from '../cli/pannier.js';
import { running } from '../lab/nomad/allocations.js';
import { consumerJob } from './consumer.js';
import { PLUGIN, startSite } from './site.js';
import { imageOf, imagesIn, readVolume } from './volumes.js';

const MIB = 1 << 20;
const site = await startSite();
const { nomad, ceph } = site;

function run(...words: string[]): Promise<Ran> {
  return pannier(['volume', ...words], { env: { NOMAD_ADDR: nomad.address } });
}

/** What a command that succeeds printed. */
async function works(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...words);
  t.equal(code, 0, stderr);
  return stdout;
}

const CAPABILITY = `capability {
    access_mode     = "single-node-writer"
    attachment_mode = "file-system"
  }`;

const SHARDS = site.file(
  'shards.hcl',
  `variable "sizes" {
  type    = list(string)
  default = ["320MiB", "320MiB", "320MiB"]
}

volume "shard" {
  count        = length(var.sizes)
  plugin_id    = "${PLUGIN}"
  capacity_min = var.sizes[count.index]

  ${CAPABILITY}

  mount_options {
    fs_type = "xfs"
  }
}
`,
);
const grown = '-var=sizes=["320MiB","400MiB","320MiB"]';
const IDS = ['shard[0]', 'shard[1]', 'shard[2]'];

t.test('a set is made, found as it should be, and changed where it differs', async (t) => {
  t.match(await works('plan', SHARDS), 'Plan: 3 to create or register, 0 to change');
  t.same(await imagesIn(ceph), [], 'which changes nothing');
  const made = (await works('apply', SHARDS)).trim().split('\n');
  t.equal(made.length, 3);
  for (const [at, id] of IDS.entries()) {
    const { ExternalID } = await readVolume(nomad, id);
    t.equal(made[at], `Volume "${id}" ("${ExternalID}") was created`);
    t.equal((await imageOf(ceph, ExternalID)).size, 320 * MIB);
  }
  t.equal((await imagesIn(ceph)).length, 3);

  const indexes = async () =>
    Promise.all(
      IDS.map(async (id) => {
        const { ExternalID, ...volume } = await readVolume(nomad, id);
        return [ExternalID, (volume as unknown as { ModifyIndex: number }).ModifyIndex];
      }),
    );
  const before = await indexes();
  const again = (await works('apply', SHARDS)).trim().split('\n');
  for (const line of again) t.match(line, / is as it should be$/);
  t.same(await indexes(), before, 'repeated, nothing is sent');

  t.match(await works('plan', grown, SHARDS), 'Plan: 0 to create or register, 1 to change, 2 that');
  const changed = (await works('apply', grown, SHARDS)).trim().split('\n');
  t.match(changed, [
    /shard\[0\].* is as it should be$/,
    /shard\[1\].* was changed$/,
    /shard\[2\].* is as/,
  ]);
  const { ExternalID, Capacity } = await readVolume(nomad, 'shard[1]');
  t.equal(Capacity, 400 * MIB);
  t.equal((await imageOf(ceph, ExternalID)).size, 400 * MIB, 'and in Ceph');
  t.equal(ExternalID, before[1]?.[0], 'it is the same image');
});

t.test('each allocation of a job with per_alloc has the volume of its number', async (t) => {
  const script = 'echo $NOMAD_ALLOC_INDEX > /data/number; sync; while :; do sleep 1; done';
  const volumes = { data: { source: 'shard', perAlloc: true } };
  await nomad.runJob(consumerJob({ id: 'shards', script, volumes, count: 3 }));
  const allocations = await running(nomad, 'shards', { count: 3 });
  for (const { ID, Name } of allocations) {
    const [, number = ''] = /\[(\d)\]$/.exec(Name) ?? [];
    const { WriteAllocs } = await readVolume(nomad, `shard[${number}]`);
    t.same(Object.keys(WriteAllocs ?? {}), [ID], `shard[${number}]`);
    const exec = ['alloc', 'exec', '-i=false', '-t=false', ID, '/bin/sh', '-c'];
    const said = await nomad.cli(...exec, 'until cat /data/number; do sleep 1; done');
    t.equal(said.trim(), number, 'and what it wrote');
  }
  const refused = await run('apply', '-var=sizes=["320MiB","320MiB","320MiB"]', SHARDS);
  t.match(refused, { code: 0 }, 'a minimum that is smaller than what is there is met');
  t.equal((await readVolume(nomad, 'shard[1]')).Capacity, 400 * MIB, 'nothing shrinks');
});

t.test('a failure in the middle stops it, says what stands, and is gone on from', async (t) => {
  const later = `${ceph.pool}-later`;
  const file = site.file(
    'teams.hcl',
    `locals {
  pools = { first = "${ceph.pool}", second = "${later}", third = "${ceph.pool}" }
}

volume "team" {
  for_each     = local.pools
  plugin_id    = "${PLUGIN}"
  capacity_min = "16MiB"
  parameters   = { pool = each.value }

  ${CAPABILITY}
}
`,
  );
  const before = (await imagesIn(ceph)).length;
  const failed = await run('apply', '-json', file);
  t.match(failed, { code: 1, stdout: '' });
  const { error } = JSON.parse(failed.stderr);
  t.match(error.message, `pool "${later}" does not exist`);
  t.match(error.details, {
    ...{ done: ['team-first'], failed: 'team-second', notTried: ['team-third'] },
  });
  const text = await run('apply', file);
  t.match(text.stderr, 'Done: "team-first". Not tried: "team-third".');
  t.equal((await imagesIn(ceph)).length, before + 1, 'the first one alone was made');
  await t.rejects(readVolume(nomad, 'team-second'), /not found/);
  await t.rejects(readVolume(nomad, 'team-third'), /not found/);

  await ceph.ceph('osd', 'pool', 'create', later, '8');
  await ceph.rbd('pool', 'init', later);
  t.teardown(() =>
    ceph.ceph('osd', 'pool', 'delete', later, later, '--yes-i-really-really-mean-it'),
  );
  const lines = (await works('apply', file)).trim().split('\n');
  t.match(lines, [
    /team-first.* is as it should be$/,
    /second.* was created$/,
    /third.* was created$/,
  ]);
  for (const id of ['team-second', 'team-third']) await nomad.cli('volume', 'delete', id);
});
