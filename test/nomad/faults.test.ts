import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { pannier } from '../cli/pannier.js';
import { type Allocation, completed, ended, running } from '../lab/nomad/allocations.js';
import type { LabClient } from '../lab/nomad.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import type { LogLine } from '../lab/plugin.js';
import { consumerJob, HOLD } from './consumer.js';
import { clientOf, countOf, goesOn, RESCHEDULE, runCounter } from './counter.js';
import { NOBODY, only, untilHeld, watchStaging } from './held.js';
import { PLUGIN, startSite } from './site.js';
import { createVolume, unclaimed } from './volumes.js';

/** A volume that was lost with its machine is free when Nomad has given up the machine, and Ceph its client. */
const FOLLOW_LIMIT_MS = 240_000;
/** How long a job may take to leave a drained client whose plugin lives until then. */
const DRAIN_LIMIT_MS = 60_000;

const site = await startSite({ clients: 2 });
const { nomad, ceph } = site;
const [first, second] = nomad.clients as [LabClient, LabClient];

interface Page {
  readonly image: { readonly published: Readonly<Record<string, unknown>> };
  readonly inconsistencies: ReadonlyArray<{
    readonly kind: string;
    readonly command: string | null;
  }>;
}

/** Runs a counter on its own volume, and waits until it counts. */
async function counting(id: string, on?: LabClient): Promise<Allocation> {
  await createVolume(site, id);
  await runCounter(site, id, { group: RESCHEDULE, ...(on && { on: on.name }) });
  const [allocation] = (await running(nomad, id)) as [Allocation];
  await goesOn(site, allocation, id);
  return allocation;
}

/** Waits until another allocation than that one counts on, as the volume's only user, and answers it. */
async function follows(t: Test, id: string, last: Allocation, before: number): Promise<Allocation> {
  const isNext = (one: Allocation) =>
    one.ID !== last.ID && one.DesiredStatus === 'run' && one.ClientStatus === 'running';
  const all = await nomad.until<Allocation[]>(
    `/v1/job/${id}/allocations`,
    (found) => found.some(isNext),
    FOLLOW_LIMIT_MS,
  );
  const allocation = all.find(isNext) as Allocation;
  t.ok((await goesOn(site, allocation, id)) > before, 'what was written is there');
  const { name } = clientOf(site, allocation);
  t.same(await untilHeld(site, id, only(name)), only(name));
  return allocation;
}

async function stop(t: Test, job: string, volume = job): Promise<void> {
  await nomad.cli('job', 'stop', '-detach', job);
  await ended(nomad, job);
  t.same(await untilHeld(site, volume, NOBODY), NOBODY);
  await nomad.cli('volume', 'delete', volume);
}

/**
 * Waits until Nomad has given up a client and placed its job on the other one. Then has Nomad free the claim, and the
 * plugin what Nomad forgot to tell it, as an operator does who follows the guide.
 */
async function giveUp(t: Test, job: string, client: LabClient): Promise<void> {
  const { nodeId, agent } = other(client);
  const lost = client.nodeId;
  await nomad.until<readonly Allocation[]>(`/v1/job/${job}/allocations`, (all) =>
    all.some(({ NodeID }) => NodeID === nodeId),
  );
  await nomad.cli('system', 'gc');
  const env = { NOMAD_ADDR: `http://${agent.address}` };
  for (const end = Date.now() + FOLLOW_LIMIT_MS; Date.now() < end; await sleep(500)) {
    const { stdout } = await pannier(['volume', 'inspect', '-json', job], { env });
    const { image, inconsistencies } = JSON.parse(stdout) as Page;
    if (!(lost in image.published)) return;
    const { command } =
      inconsistencies.find(({ kind }) => kind === 'published-without-claim') ?? {};
    if (command) t.match(await pannier(command.split(' ').slice(1), { env }), { code: 0 }, command);
  }
  throw new Error(`${job} is still published on ${client.name}`);
}

/** What the plugin on a client, in all its lives, answered when it was to unmount a volume. */
async function unmountsOn(client: LabClient, name: string): Promise<LogLine[]> {
  const all = await nomad.get<readonly Allocation[]>(`/v1/job/${site.jobOf(client)}/allocations`);
  const texts = await Promise.all(all.map(({ ID }) => nomad.cli('alloc', 'logs', '-stderr', ID)));
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ rpc, code }) => code !== undefined && /^NodeUn(publish|stage)/.test(`${rpc}`))
    .filter(({ volumeId }) => `${volumeId}`.includes(`-${name}-`));
}

function other(client: LabClient): LabClient {
  return client === first ? second : first;
}

t.test(
  'a machine that loses its power and comes back has its jobs and volumes again',
  async (t) => {
    const allocation = await counting('reboot', first);
    const before = countOf(site, allocation, 'reboot');
    await site.cutPower(first);
    await first.start();
    await site.healthy();
    await follows(t, 'reboot', allocation, before);
    await stop(t, 'reboot');
  },
);

t.test('a machine that is lost for good: its job has the volume on another one', async (t) => {
  const allocation = await counting('lost');
  const before = countOf(site, allocation, 'lost');
  const dead = clientOf(site, allocation);
  await site.cutPower(dead);
  site.forget(dead);
  await giveUp(t, 'lost', dead);
  const next = await follows(t, 'lost', allocation, before);
  t.equal(clientOf(site, next), other(dead));
  await dead.start();
  await site.healthy();
  await stop(t, 'lost');
});

t.test('a machine that is only out of sight keeps the volume from another one', async (t) => {
  const allocation = await counting('unseen');
  const unseen = clientOf(site, allocation);
  const mostOf = watchStaging(site, 'unseen');
  await unseen.kill();
  // Somebody is too quick: the machine lives, and its task writes.
  await giveUp(t, 'unseen', unseen);
  const before = await goesOn(site, allocation, 'unseen');
  await unseen.start();
  await follows(t, 'unseen', allocation, before);
  t.equal(await mostOf(), 1, 'it was never mounted twice');
  await site.healthy();
  await stop(t, 'unseen');
});

t.test('a drain moves the job and its volume', async (t) => {
  const allocation = await counting('drained');
  const before = countOf(site, allocation, 'drained');
  const drained = clientOf(site, allocation);
  await nomad.cli('node', 'drain', '-enable', '-yes', '-detach', drained.nodeId);
  // Nomad ends the plugin there as soon as the job has ended, and may cancel the unmount by that: it asks again once the
  // plugin is back, and until then nobody else gets the volume.
  const target = other(drained).nodeId;
  const hasMoved = await nomad
    .until<readonly Allocation[]>(
      '/v1/job/drained/allocations',
      (all) => all.some((one) => one.NodeID === target && one.ClientStatus === 'running'),
      DRAIN_LIMIT_MS,
    )
    .then(() => true)
    .catch(() => false);
  const unmounts = await unmountsOn(drained, 'drained');
  await nomad.cli('node', 'drain', '-disable', '-yes', drained.nodeId);
  const next = await follows(t, 'drained', allocation, before);
  t.same(
    unmounts.filter(({ code }) => code !== 'OK'),
    [],
    'the plugin did what it was asked for',
  );
  const hasUnstaged = unmounts.some(({ rpc }) => rpc === 'NodeUnstageVolume');
  t.equal(hasMoved, hasUnstaged, 'the job moves as soon as the volume is unstaged');
  if (hasMoved) t.equal(clientOf(site, next), other(drained));
  await site.healthy();
  await stop(t, 'drained');
});

t.test('of two allocations that share a volume one stops after the client came back', async (t) => {
  const writer =
    'capability {\n  access_mode = "single-node-writer"\n  attachment_mode = "file-system"\n}';
  await createVolume(site, 'shared', { accessMode: 'multi-node-reader-only', more: writer });
  const script = 'echo kept >/data/letter && sync';
  const written = { data: { source: 'shared' } };
  await nomad.runJob(consumerJob({ id: 'writes', type: 'batch', script, volumes: written }));
  await completed(nomad, 'writes');
  await unclaimed(nomad, 'shared');

  const accessMode = 'multi-node-reader-only';
  const read = { data: { source: 'shared', accessMode, readOnly: true } };
  for (const id of ['stays', 'goes'])
    await nomad.runJob(consumerJob({ id, script: HOLD, volumes: read, on: first.name }));
  const [stays] = (await running(nomad, 'stays')) as [Allocation];
  await running(nomad, 'goes');
  await first.kill();
  await first.start();
  await site.healthy();
  await nomad.cli('job', 'stop', '-detach', 'goes');
  await ended(nomad, 'goes');
  t.same(await untilHeld(site, 'shared', only(first.name)), only(first.name));
  const target = site.target(first, stays, 'shared', `ro-file-system-${accessMode}`);
  t.equal(readFileSync(join(target, 'letter'), 'utf8'), 'kept\n');
  await stop(t, 'stays', 'shared');
});

t.test('while no server is there, jobs go on, and we say what stands', async (t) => {
  const allocation = await counting('alone');
  const [server] = nomad.servers;
  await server?.stop('SIGKILL');
  await site.killPlugin(clientOf(site, allocation));
  await goesOn(site, allocation, 'alone');
  const env = { NOMAD_ADDR: nomad.address };
  t.match(await pannier(['volume', 'status', 'alone'], { env }), {
    code: 3,
    stderr: /no Nomad answers at \S+: nothing listens there\nStart the agent/,
  });
  server?.start();
  await nomad.until<string>('/v1/status/leader', (address) => address !== '');
  await site.healthy();
  await goesOn(site, allocation, 'alone');
  await stop(t, 'alone');
});

t.test('a plugin of which a part is away, and one that is away', async (t) => {
  const env = { NOMAD_ADDR: nomad.address };
  const status = async () => (await pannier(['plugin', 'status'], { env })).stdout;
  const away = async (client: LabClient) => {
    await nomad.cli('job', 'stop', '-detach', site.jobOf(client));
    await ended(nomad, site.jobOf(client));
  };
  await away(second);
  await nomad.pluginHealthy(PLUGIN, 1, 1);
  t.match(await status(), /\npannier +csi\.pannier\.rbd +1\/2 +1\/2\n/);
  await createVolume(site, 'half');
  await away(first);
  await nomad.pluginHealthy(PLUGIN, 0, 0);
  const create = await pannier(['volume', 'create', site.specFile('half')], { env });
  t.match(create, {
    code: 1,
    stderr:
      /no healthy controllers for CSI plugin: pannier\nThe controller of the plugin does not run/,
  });
  t.match(await pannier(['volume', 'status', 'half'], { env }), { code: 0, stdout: /half/ });
  await Promise.all(nomad.clients.map((client) => site.runPlugin(client)));
  await site.healthy();
  await nomad.cli('volume', 'delete', 'half');
});

t.test('nothing is left', async (t) => {
  t.same(await whatIsLeft(ceph, site.folder), NOTHING);
});
