import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { specOf } from '../lab/bytes.js';
import { ended, running } from '../lab/nomad/allocations.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { consumerJob, HOLD } from '../nomad/consumer.js';
import { PLUGIN, startSite } from '../nomad/site.js';
import { imageOf, imagesIn, readVolume, unclaimed, volumeSpec } from '../nomad/volumes.js';
import { BINARY, pannier, type Ran } from './pannier.js';

const MIB = 1 << 20;

const site = await startSite();
const { nomad, ceph } = site;
const env = { NOMAD_ADDR: nomad.address };

/** Runs our command line through this Nomad. */
function run(line: string, more: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return pannier(line.split(' '), { env: { ...env, ...more }, cwd: site.folder });
}

async function works(line: string): Promise<string> {
  const { code, stdout, stderr } = await run(line);
  if (code !== 0) throw new Error(`pannier ${line}: ${code}\n${stdout}${stderr}`);
  return stdout;
}

async function nomadSays(...args: string[]): Promise<string> {
  // Its last line ends where the terminal's does.
  return `${(await nomad.cli(...args)).trimEnd()}\n`;
}

/** Without how long ago things were, by which one run's text differs from the next one's. */
function timeless(text: string): string {
  return text.replace(/\S+ ago/g, 'ago').replace(/ {2,}/g, '  ');
}

t.test('a volume is created through Nomad, and shown as Nomad shows it', async (t) => {
  site.file('data.hcl', volumeSpec({ id: 'data' }));
  const created = await run('volume create data.hcl');
  const { ExternalID } = await readVolume(nomad, 'data');
  t.match(created, {
    code: 0,
    stdout: `Created external volume ${ExternalID} with ID data\n`,
    stderr: /^==> \S+Z: Creating volume "data"\n$/,
  });
  t.equal((await imageOf(ceph, ExternalID)).size, 320 * MIB);
  t.match(JSON.parse(await works('volume create -json data.hcl')), { ID: 'data', ExternalID });
  t.equal((await imagesIn(ceph)).length, 1, 'the same again is the same');

  t.equal(await works('volume status'), await nomadSays('volume', 'status', '-type=csi'));
  for (const id of ['data', 'da', ExternalID])
    t.equal(await works(`volume status ${id}`), await nomadSays('volume', 'status', 'data'), id);
  const ours = JSON.parse(await works('volume status -json data'));
  const theirs = JSON.parse(await nomadSays('volume', 'status', '-json', 'data'));
  t.match(ours, { ...theirs, Topologies: [], ReadAllocs: {}, WriteAllocs: {} });
  t.equal(await works('volume status -t {{.ExternalID}} data'), `${ExternalID}\n`);
  const verbose = await works('volume status -verbose');
  t.match(verbose, await nomadSays('volume', 'status', '-type=csi'));
  t.match(verbose, `Volumes of plugin ${PLUGIN}\nExternal ID`);
  t.match(verbose, `\n${ExternalID}  OK `);
  t.equal(await works('volume status -stale'), await works('volume status'));

  t.equal(await works('plugin status'), await nomadSays('plugin', 'status'));
  t.equal(
    timeless(await works(`plugin status ${PLUGIN}`)),
    timeless(await nomadSays('plugin', 'status', PLUGIN)),
  );
  t.match(await works(`plugin status -verbose pan`), /Controller Capabilities\n(.*\n)*Clone\n/);
});

t.test(
  'it grows by its specification or its ID, and what Nomad keeps to itself is not lost',
  async (t) => {
    const { ExternalID } = await readVolume(nomad, 'data');
    const grown = await run('volume expand data.hcl 360MiB');
    t.match(grown, { code: 0, stdout: 'Volume "data" had 320 MiB and has 360 MiB now\n' });
    t.equal((await imageOf(ceph, ExternalID)).size, 360 * MIB);

    const bare = await run('volume expand data 400MiB');
    t.match(bare, { code: 2, stderr: /Nomad would forget the secrets of volume "data"/ });
    t.equal((await imageOf(ceph, ExternalID)).size, 360 * MIB);
    t.match(await works('volume expand -without-secrets data 400MiB'), 'has 400 MiB now');
    t.equal((await imageOf(ceph, ExternalID)).size, 400 * MIB);
    t.match(await readVolume(nomad, 'data'), {
      Capacity: 400 * MIB,
      MountOptions: { FSType: 'xfs' },
    });

    const flags = volumeSpec({ id: 'flags' }).replace(
      'mount_options {',
      'mount_options {\n  mount_flags = ["noatime"]',
    );
    site.file('flags.hcl', flags);
    await works('volume create flags.hcl');
    t.match(await run('volume expand -without-secrets flags 400MiB'), {
      code: 1,
      stderr: /has mount flags, which Nomad keeps to itself/,
    });
    t.match(await works('volume expand flags.hcl 400MiB'), 'has 400 MiB now');
    t.match(await works('volume expand data.hcl 340MiB'), 'has 400 MiB already');
    t.match(await readVolume(nomad, 'data'), { RequestedCapacityMin: 400 * MIB });
    await works('volume delete flags');
  },
);

t.test(
  'snapshots are taken, listed, shown, restored and deleted; a volume is cloned',
  async (t) => {
    const { ExternalID } = await readVolume(nomad, 'data');
    const taken = JSON.parse(await works('snapshot create -json data before'));
    t.match(taken, { Name: 'before', PluginID: PLUGIN, ExternalSourceVolumeID: ExternalID });
    t.equal(await rbdSnapshots(ExternalID), 1);
    t.match(await works('snapshot create data'), `Snapshot ID`, 'a name is made');
    t.equal(await rbdSnapshots(ExternalID), 2);
    const list = await works('volume snapshot list -source=data');
    t.match(list, /^Snapshot ID +Volume ID +Size +Create Time +Ready\?\n/);
    t.match(list, new RegExp(`\n${taken.ID} +${ExternalID}  400 MiB  `));
    t.equal(list.split('\n').length, 4);
    t.match(await works(`snapshot list -plugin=pan -source=${ExternalID}`), taken.ID);

    t.match(
      await works('snapshot restore before restored'),
      /^Created external volume \S+ with ID restored\n$/,
    );
    const restored = await readVolume(nomad, 'restored');
    t.equal((await imageOf(ceph, restored.ExternalID)).size, 400 * MIB);
    t.match(JSON.parse(await works('snapshot status -json before')), {
      ID: taken.ID,
      Volumes: [restored.ExternalID],
    });
    t.match(await works('volume clone -size=500MiB data copy'), 'with ID copy\n');
    const copy = await readVolume(nomad, 'copy');
    t.equal((await imageOf(ceph, copy.ExternalID)).size, 500 * MIB);
    t.match(copy, { CloneID: ExternalID });

    t.match(await works('snapshot delete before'), `Successfully deleted snapshot "${taken.ID}"!`);
    const [other] = JSON.parse(await works('snapshot list -json'));
    t.match(await works(`volume snapshot delete ${PLUGIN} ${other.ID}`), other.ID);
    t.equal(await works('snapshot list'), 'No snapshots\n');
    t.match(await run('snapshot delete nosuch'), {
      code: 1,
      stderr: /snapshot "nosuch" does not exist/,
    });
    for (const id of ['restored', 'copy'])
      t.equal(await works(`volume delete ${id}`), `Successfully deleted volume "${id}"!\n`);
    t.same((await imagesIn(ceph)).length, 1);
  },
);

async function rbdSnapshots(externalId: string): Promise<number> {
  return JSON.parse(await ceph.rbd('snap', 'ls', '--format=json', specOf(externalId))).length;
}

t.test(
  'a volume that is used is not deleted, and a node can be made to let go of it',
  async (t) => {
    const { ExternalID } = await readVolume(nomad, 'data');
    const job = await nomad.runJob(
      consumerJob({ id: 'holder', script: HOLD, volumes: { data: { source: 'data' } } }),
    );
    const [holder] = await running(nomad, job);
    t.match(await run('volume delete data'), {
      code: 1,
      stderr: `volume "data" is used by allocation ${holder?.ID.slice(0, 8)} of job "holder"`,
    });
    t.match(await run('volume deregister data'), { code: 1, stderr: /volume in use: data/ });
    t.equal((await imageOf(ceph, ExternalID)).size, 400 * MIB);
    t.equal(
      timeless(await works('volume status data')),
      timeless(await nomadSays('volume', 'status', 'data')),
    );
    t.equal(
      await works('volume status -verbose data'),
      await nomadSays('volume', 'status', '-verbose', 'data'),
    );
    const { name, nodeId } = nomad.client;
    t.match(await run(`volume detach data ${name}`), {
      code: 1,
      stderr: /this version of Nomad detaches nothing[\s\S]*deregister -force data/,
    });
    await nomad.cli('job', 'stop', '-detach', job);
    await ended(nomad, job);
    await unclaimed(nomad, 'data');
    t.equal(
      await works(`volume detach data ${name}`),
      `Node "${nodeId}" has no claim on volume "data"\n`,
    );
    t.match(await run('volume detach data nosuch'), {
      code: 1,
      stderr: /Nomad has no node "nosuch"/,
    });
  },
);

t.test('what is called nearly so is named where there is no such volume or plugin', async (t) => {
  for (const words of ['volume status', 'volume inspect', 'volume delete', 'snapshot create'])
    t.match(await run(`${words} dtaa${words.startsWith('snapshot') ? ' before' : ''}`), {
      code: 1,
      stdout: '',
      stderr: /volume "dtaa" does not exist.*; did you mean "data"\?\n/,
    });
  t.match(await run('plugin status panier'), { code: 1, stderr: /; did you mean "pannier"\?\n/ });
  t.notMatch((await run('volume status nothing-like-it')).stderr, /did you mean/);
});

t.test(
  'a volume is registered under a second name, which is told, and no deletion takes the data of both',
  async (t) => {
    const { ExternalID } = await readVolume(nomad, 'data');
    await nomad.put('/v1/namespace/web', { Name: 'web' });
    site.file(
      'second.hcl',
      volumeSpec({ id: 'second', more: `namespace = "web"\nexternal_id = "${ExternalID}"` }),
    );
    t.match(await run('volume register second.hcl'), {
      code: 0,
      stdout: 'Volume "second" registered\n',
      stderr: /Warning: ".*" is volume "data" in namespace "default" already/,
    });
    t.match(await run('volume delete data'), {
      code: 1,
      stderr: /volume "data" is registered a second time, and all stand for ".*"[\s\S]*second/,
    });
    t.match(await run('volume status second'), {
      code: 1,
      stderr:
        /volume "second" does not exist in namespace "default", but in "web"\nSay which with -namespace=web/,
    });
    t.match(await works('volume status -namespace=web second'), /Namespace +=/);
    t.match(await works('volume status -namespace=*'), /\nsecond /);
    t.match(await run(`volume status -namespace=* ${ExternalID}`), {
      code: 1,
      stderr: /Prefix matched multiple volumes/,
    });
    t.match(await run('volume status -namespace=web second', { NOMAD_NAMESPACE: 'default' }), {
      code: 0,
    });
    t.equal(
      (await run('volume deregister second', { NOMAD_NAMESPACE: 'web' })).stdout,
      'Successfully deregistered volume "second"!\n',
    );
    t.equal((await imageOf(ceph, ExternalID)).size, 400 * MIB, 'the image stays');
    site.file('none.hcl', volumeSpec({ id: 'none', more: 'external_id = "ceph/rbd/none"' }));
    t.match(await run('volume register none.hcl'), { code: 1, stderr: /could not be found/ });
    t.match(await run('volume deregister -force data'), {
      code: 2,
      stderr: /confirm with -auto-approve/,
    });
  },
);

t.test('plan and apply go through Nomad', async (t) => {
  const { ExternalID } = await readVolume(nomad, 'data');
  site.file('data.hcl', volumeSpec({ id: 'data', capacity: '450MiB' }));
  const planned = await works('volume plan data.hcl');
  t.match(planned, `Goes through Nomad at ${nomad.address} (NOMAD_ADDR)\n`);
  t.match(planned, '~ Volume "data" in namespace "default" is changed\n');
  t.match(
    planned,
    `Nomad has it as "${ExternalID}"\n    The plugin has "${ExternalID}" with 400 MiB\n`,
  );
  t.match(planned, 'capacity_min: 400 MiB -> 450 MiB\n');
  t.match(planned, 'PUT /v1/volume/csi/data/create\n');
  t.match(planned, 'ControllerExpandVolume, which Nomad sends to the plugin\n');
  t.equal((await imageOf(ceph, ExternalID)).size, 400 * MIB, 'nothing is changed');
  t.equal(await works('volume apply data.hcl'), `Volume "data" ("${ExternalID}") was changed\n`);
  t.equal((await imageOf(ceph, ExternalID)).size, 450 * MIB);
  t.equal(
    await works('volume apply data.hcl'),
    `Volume "data" ("${ExternalID}") is as it should be\n`,
  );

  site.file(
    'data.hcl',
    volumeSpec({ id: 'data', more: 'parameters {\n  namePrefix = "x-"\n}\nclone_id = "c"' }),
  );
  const refused = await run('volume apply data.hcl');
  t.match(refused, { code: 1, stdout: '' });
  t.match(refused.stderr, /clone_id: \(none\) -> c \(it never changes/);
  t.match(refused.stderr, /parameters\.namePrefix: \(none\) -> x- \(it never changes/);
  t.equal((await run('volume plan data.hcl')).code, 1);

  const secrets = `secrets {\n  userID  = "${ceph.user}"\n  userKey = "${ceph.key}"\n}`;
  site.file('secret.hcl', volumeSpec({ id: 'secret', more: secrets }));
  const told = await works('volume plan secret.hcl');
  t.match(told, /"Secrets": \{\n +"userID": "\*+stripped/);
  t.notMatch(told, ceph.key);
  t.match(await works('volume apply secret.hcl'), 'was created\n');
  t.match(await works('volume plan secret.hcl'), 'secrets: (not told) -> userID, userKey (hidden)');
  t.match(await works('volume apply secret.hcl'), 'was sent again\n');
  t.match(await works('volume delete secret'), '"secret"');

  site.file('new.hcl', volumeSpec({ id: 'new' }));
  t.match(
    await works('volume create -plan new.hcl'),
    /\+ Volume "new"[\s\S]*CreateVolume, which Nomad sends/,
  );
  t.match(await works('volume apply new.hcl'), 'was created\n');
  t.match(await works('volume delete new'), '"new"');
});

t.test(
  'a volume that is made straight at the controller is registered, and Nomad knows as much of it',
  async (t) => {
    const [allocation] = await running(nomad, site.jobOf(nomad.client));
    const socket = join(nomad.client.stateDir, 'csi', 'plugins', allocation?.ID ?? '', 'csi.sock');
    site.file('straight.hcl', volumeSpec({ id: 'straight' }));
    const endpoint = `-endpoint=unix://${socket}`;
    t.match(
      await works(`volume plan ${endpoint} straight.hcl`),
      /PUT \/v1\/volume\/csi\/straight\n[\s\S]*ExternalID": "\(the ID that CreateVolume answers\)"/,
    );
    const made = await run(`volume create ${endpoint} straight.hcl`);
    t.match(made, { code: 0, stdout: /Volume "straight" registered\n$/ });
    const straight = await readVolume(nomad, 'straight');
    t.equal((await imageOf(ceph, straight.ExternalID)).size, 320 * MIB);
    t.equal(straight.Capacity, 320 * MIB);
    const other = JSON.parse(await works('volume status -json data'));
    const ours = JSON.parse(await works('volume status -json straight'));
    t.same(Object.keys(ours).sort(), Object.keys(other).sort());
    t.match(ours, {
      Context: { name: 'straight' },
      Schedulable: true,
      Provider: 'csi.pannier.rbd',
    });
    t.match(await works(`volume apply ${endpoint} straight.hcl`), 'is as it should be\n');
    t.match(await works('volume apply straight.hcl'), 'is as it should be\n', 'also through Nomad');

    await works('volume deregister straight');
    t.match(await works(`volume apply ${endpoint} straight.hcl`), 'was registered in Nomad\n');
    await works('volume deregister straight');
    t.match(await works(`volume create ${endpoint} -register=false straight.hcl`), 'Name ');
    t.match(await run('volume status straight'), { code: 1, stderr: /does not exist/ });
    t.match(await works('volume create straight.hcl'), straight.ExternalID, 'Nomad finds it again');
    await works('volume delete straight');
  },
);

t.test('a volume is followed, change by change, until it is gone', async (t) => {
  site.file('seen.hcl', volumeSpec({ id: 'seen' }));
  await works('volume create seen.hcl');
  const { ExternalID } = await readVolume(nomad, 'seen');
  const follow = (...args: string[]) =>
    spawn(process.execPath, [BINARY, 'volume', 'status', '-monitor', ...args, 'seen'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const people = follow();
  const programs = follow('-t', '{{.ID}} {{.Capacity}} {{len .Allocations}}');
  const exits = Promise.all([once(people, 'exit'), once(programs, 'exit')]);
  const said = Promise.all([text(people.stdout), text(programs.stdout)]);
  await Promise.all([once(people.stdout, 'data'), once(programs.stdout, 'data')]);
  const job = await nomad.runJob(
    consumerJob({ id: 'seer', script: HOLD, volumes: { data: { source: 'seen' } } }),
  );
  const [{ ID = '' } = {}] = await running(nomad, job);
  await works('volume expand seen.hcl 400MiB');
  await nomad.cli('job', 'stop', '-detach', job);
  await ended(nomad, job);
  await unclaimed(nomad, 'seen');
  await works('volume deregister seen');
  t.same(await exits, [
    [0, null],
    [0, null],
  ]);
  const [lines, states] = await said;
  const named = `Allocation "${ID.slice(0, 8)}" of job "seer" on node "${nomad.client.name}"`;
  for (const line of [
    'Volume "seen" in namespace "default" is schedulable, with 1 of 1 controllers and 1 of 1 nodes healthy',
    'No allocation claims it',
    'It is used as single-node-writer',
    `${named} claims it for writing and is pending`,
    `${named} is running`,
    'Its capacity is 400 MiB',
    'It is free',
    'Volume "seen" is gone from Nomad',
  ])
    t.match(lines, new RegExp(`^==> \\S+Z: ${line}$`, 'm'), line);
  t.match(states, `seen ${320 * MIB} 0\n`);
  t.match(states, `seen ${400 * MIB} 1\n`);
  t.match(await run('volume status -monitor'), { code: 2, stderr: /-monitor follows one volume/ });
  site.file('seen.hcl', volumeSpec({ id: 'seen', more: `external_id = "${ExternalID}"` }));
  await works('volume register seen.hcl');
  await works('volume delete seen');
});

t.test('a task reaches Nomad through its own socket', async (t) => {
  const job = await nomad.runJob(`job "inside" {
  group "group" {
    task "task" {
      driver = "raw_exec"
      config {
        command = "/bin/sleep"
        args    = ["600"]
      }
      identity {
        file = true
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}`);
  const [{ ID = '' } = {}] = await running(nomad, job);
  const secrets = join(nomad.client.allocDir, ID, 'task', 'secrets');
  const inside = { NOMAD_ADDR: `unix://${secrets}/api.sock` };
  t.match(await run('volume status', inside), { code: 1, stderr: /without a token/ });
  const NOMAD_TOKEN = readFileSync(join(secrets, 'nomad_token'), 'utf8');
  t.equal(
    (await run('volume status', { ...inside, NOMAD_TOKEN })).stdout,
    await works('volume status'),
  );
  await nomad.cli('job', 'stop', '-detach', job);
  await ended(nomad, job);
});

t.test('without the plugin, what stands is said in a sentence', async (t) => {
  site.file('lost.hcl', volumeSpec({ id: 'lost' }).replace(`"${PLUGIN}"`, '"nosuch"'));
  t.match(await run('volume create lost.hcl'), {
    code: 1,
    stderr: /no CSI plugin named: nosuch could be found\nRun the job of the plugin/,
  });
  t.match(
    await works('volume plan lost.hcl'),
    'Note: Nomad has no CSI plugin "nosuch": its job does not run\n',
  );
  t.match(await run('plugin status nosuch'), {
    code: 1,
    stderr: /Nomad has no CSI plugin "nosuch"/,
  });
});

t.test('it is deleted, and nothing is left', async (t) => {
  await works('volume delete data');
  t.match(await run('volume status data'), {
    code: 1,
    stderr: /volume "data" does not exist in namespace "default"\n/,
  });
  t.equal(await works('volume status'), 'Container Storage Interface\nNo CSI volumes\n');
  t.same(await whatIsLeft(ceph, site.folder), NOTHING);
});
