import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { connect } from '../../src/csi/wire/client.js';
import { Controller, Node } from '../../src/proto/csi/v1/csi_pb.js';
import { pannier, type Ran } from '../cli/pannier.js';
import { specOf } from '../lab/bytes.js';
import { running } from '../lab/nomad/allocations.js';
import type { LabClient } from '../lab/nomad.js';
import { mountAs } from '../plugin/refusal.js';
import { consumerJob, HOLD } from './consumer.js';
import { startSite } from './site.js';
import { readVolume, unclaimed, volumeSpec } from './volumes.js';

const site = await startSite({ clients: 2 });
const { nomad, ceph } = site;
const [one, two] = nomad.clients as readonly [LabClient, LabClient];

interface Page {
  readonly handle: string;
  readonly nomad: {
    readonly volume: Record<string, unknown>;
    readonly claims: ReadonlyArray<Record<string, unknown>>;
    readonly nodes: ReadonlyArray<Record<string, unknown>>;
  } | null;
  readonly image: { readonly published: object; readonly watchers: readonly object[] } | null;
  readonly nodes: ReadonlyArray<Record<string, unknown>>;
  readonly inconsistencies: ReadonlyArray<{
    readonly kind: string;
    readonly command: string | null;
  }>;
  readonly sources: ReadonlyArray<Record<string, unknown>>;
}

/** The command line on the machine of a client, whose own agent it asks: no plugin is named. */
function on({ agent }: LabClient, ...words: string[]): Promise<Ran> {
  return pannier(words, { env: { NOMAD_ADDR: `http://${agent.address}` } });
}

async function pageOf(id: string, ...flags: string[]): Promise<Page> {
  const { code, stdout, stderr } = await on(one, 'volume', 'inspect', '-json', ...flags, id);
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

/** The only thing that does not fit, whose kind this is. */
async function finding(t: Test, id: string, kind: string): Promise<string> {
  const { inconsistencies } = await pageOf(id);
  const found = inconsistencies.find((one) => one.kind === kind);
  t.ok(found, `${kind} among ${inconsistencies.map((one) => one.kind).join(', ')}`);
  return found?.command ?? '';
}

/** Runs a command that a finding gives, and sees that nothing is left to find. */
async function mends(t: Test, id: string, command: string): Promise<void> {
  const [program, ...words] = command.split(' ');
  if (program === 'nomad') await nomad.cli(...words);
  else t.match(await on(one, ...words), { code: 0 }, command);
  t.same((await pageOf(id)).inconsistencies, [], `mended by ${command}`);
}

async function create(id: string, more: Partial<Parameters<typeof volumeSpec>[0]> = {}) {
  await nomad.cli('volume', 'create', site.file(`${id}.hcl`, volumeSpec({ id, ...more })));
  return (await readVolume(nomad, id)).ExternalID;
}

/** Runs a service that only holds a volume, and answers its allocation. */
async function hold(id: string, source: string, on: LabClient, group = '') {
  const volumes = { data: { source } };
  await nomad.runJob(consumerJob({ id, script: HOLD, volumes, on: on.name, group }));
  const [allocation] = await running(nomad, id);
  return allocation?.ID ?? '';
}

/** The plugin on a client, past Nomad. */
async function pluginOn(client: LabClient) {
  const [allocation] = await running(nomad, site.jobOf(client));
  const socket = join(client.stateDir, 'csi', 'plugins', allocation?.ID ?? '', 'csi.sock');
  const connection = connect(`unix://${socket}`);
  t.teardown(() => connection.close());
  return { controller: connection.service(Controller), node: connection.service(Node) };
}

t.test('a volume in use: everybody is found without being named, and all of it fits', async (t) => {
  const handle = await create('data');
  const allocation = await hold('holder', 'data', one);
  const page = await pageOf('data');
  t.same(page.inconsistencies, []);
  t.match(page, {
    handle,
    nomad: {
      volume: { ID: 'data', ExternalID: handle, PluginID: 'pannier' },
      claims: [
        { allocationId: allocation, mode: 'write', allocation: { ClientStatus: 'running' } },
      ],
    },
    record: { keeper: 'pannier', name: 'data', state: 'whole' },
    image: { published: { [one.nodeId]: { mode: 'SINGLE_NODE_WRITER' } }, watchers: [{}] },
    nodes: [{ nodeId: one.nodeId, stagings: [{ state: 'staged', targets: [{}] }] }],
  });
  t.same(
    page.sources.filter(({ problem }) => problem !== null),
    [],
  );
  t.match(
    page.nomad?.nodes.find(({ id }) => id === one.nodeId),
    {
      name: 'c1',
      status: 'ready',
      csiId: one.nodeId,
      pluginHealthy: true,
    },
  );
  const { stdout } = await on(one, 'volume', 'inspect', 'data');
  const row = stdout.split('\n').find((line) => line.startsWith(allocation.slice(0, 8))) ?? '';
  t.match(row.split(/ {2,}/), [
    allocation.slice(0, 8),
    ...['write', 'holder', 'running', 'c1', 'ready', 'yes', 'yes', 'yes'],
  ]);
  t.match(stdout, /Capability +Capability|Capability +=? ?single-node-writer file-system/);
  for (const id of [handle, 'dat']) t.equal((await pageOf(id)).handle, handle, id);
  const fromTwo = await on(two, 'volume', 'inspect', 'data');
  const mounts = ({ name, nodeId }: LabClient) => `Mounts on ${name} (${nodeId.slice(0, 8)})\n`;
  t.ok(fromTwo.stdout.includes(`${mounts(two)}nothing is mapped or mounted there`));
  t.ok(fromTwo.stdout.includes(`${mounts(one)}not known: nobody asked it`));
});

t.test('a publication that Nomad has forgotten is taken back', async (t) => {
  const volumeId = await create('published');
  const { controller } = await pluginOn(one);
  const volumeCapability = mountAs('xfs');
  const nodeId = two.nodeId;
  await controller.controllerPublishVolume({ volumeId, nodeId, volumeCapability });
  const command = await finding(t, 'published', 'published-without-claim');
  t.match(command, `-node=${two.nodeId} ${volumeId}`);
  await mends(t, 'published', command);
});

t.test('a volume that is staged without a claim is taken down by its path', async (t) => {
  const volumeId = await create('staged');
  const { node } = await pluginOn(one);
  const volumeCapability = mountAs('xfs');
  const stagingTargetPath = join(site.folder, 'staged');
  mkdirSync(stagingTargetPath);
  // What a controller has published the plugin itself takes down again, once that is taken back.
  await node.nodeStageVolume({ volumeId, stagingTargetPath, volumeCapability });
  t.match(await finding(t, 'staged', 'watcher-without-claim'), stagingTargetPath);
  await mends(t, 'staged', await finding(t, 'staged', 'staged-without-claim'));
});

t.test(
  'an allocation whose publication was lost is stopped, and the next one has it',
  async (t) => {
    const volumeId = await create('unpublished');
    const allocation = await hold('unpublished', 'unpublished', one);
    await ceph.rbd('image-meta', 'rm', specOf(volumeId), 'pannier.published');
    const command = await finding(t, 'unpublished', 'claim-without-publication');
    t.equal(command, `nomad alloc stop ${allocation}`);
    await nomad.cli(...command.split(' ').slice(1));
    await running(nomad, 'unpublished');
    t.same((await pageOf('unpublished')).inconsistencies, []);
  },
);

t.test('one image under two volumes of Nomad', async (t) => {
  const handle = await create('first');
  const second = volumeSpec({ id: 'second', more: `external_id = "${handle}"` });
  await nomad.cli('volume', 'register', site.file('second.hcl', second));
  const command = await finding(t, 'first', 'registered-twice');
  t.equal(command, 'nomad volume deregister second');
  await mends(t, 'first', command);
});

t.test('a volume of Nomad whose image is gone', async (t) => {
  const volumeId = await create('gone');
  await (await pluginOn(one)).controller.deleteVolume({ volumeId });
  // Until its space is freed it can be taken back.
  while ((await pageOf('gone')).inconsistencies.some(({ kind }) => kind === 'deleted'))
    await sleep(500);
  const command = await finding(t, 'gone', 'nomad-volume-without-image');
  t.equal(command, 'nomad volume deregister gone');
  await nomad.cli(...command.split(' ').slice(1));
  t.match(await on(one, 'volume', 'inspect', 'gone'), { code: 1, stderr: /does not exist/ });
});

t.test('another size in Nomad than in Ceph is mended by the specification', async (t) => {
  const volumeId = await create('sized');
  await ceph.rbd('resize', '--no-progress', '--size=400M', specOf(volumeId));
  const command = await finding(t, 'sized', 'size-differs');
  const spec = site.file('sized.hcl', volumeSpec({ id: 'sized' }));
  await mends(t, 'sized', command.replace('volume.hcl', spec));
});

t.test(
  'namespaces: the default one first, then all, and only the one that is asked for',
  async (t) => {
    for (const name of ['web', 'api']) await nomad.cli('namespace', 'apply', name);
    const inside = (namespace: string) => `namespace = "${namespace}"`;
    const specs = {
      web: volumeSpec({ id: 'spaced', name: 'spaced-web', more: inside('web') }),
      api: volumeSpec({ id: 'spaced', name: 'spaced-api', more: inside('api') }),
    };
    await nomad.cli('volume', 'create', site.file('web.hcl', specs.web));
    t.match((await pageOf('spaced')).nomad?.volume, { Namespace: 'web', Name: 'spaced-web' });
    t.match((await pageOf('spaced-web')).nomad?.volume, { ID: 'spaced' }, 'by its name too');
    await nomad.cli('volume', 'create', site.file('api.hcl', specs.api));
    const both = await on(one, 'volume', 'inspect', 'spaced');
    t.match(both, { code: 1, stderr: /Prefix matched multiple volumes/ });
    t.match((await pageOf('spaced', '-namespace=api')).nomad?.volume, { Name: 'spaced-api' });
    const none = await on(one, 'volume', 'inspect', '-namespace=default', 'spaced');
    t.match(none, { code: 1, stderr: /does not exist/ });
  },
);

t.test('a client that lost its power, and one that Nomad gives time', async (t) => {
  for (const id of ['lost', 'waits']) await create(id);
  await hold('lost', 'lost', two);
  const patient = 'disconnect {\n  lost_after = "1h"\n}';
  const waiting = await hold('waits', 'waits', two, patient);
  await two.cutPower();
  await nomad.until<{ Status: string }>(`/v1/node/${two.nodeId}`, ({ Status }) =>
    ['down', 'disconnected'].includes(Status),
  );
  const command = await finding(t, 'lost', 'claim-of-ended-allocation');
  t.equal(command, 'nomad system gc');
  t.equal(await finding(t, 'waits', 'claim-on-lost-node'), '', 'no command frees it');
  await nomad.cli(...command.split(' ').slice(1));
  await unclaimed(nomad, 'lost');
  t.same((await pageOf('lost')).image?.published, {}, 'the other controller was told');
  t.match((await pageOf('waits')).nomad?.claims, [{ allocationId: waiting }]);
});
