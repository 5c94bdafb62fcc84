import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type Allocation, ended, running } from '../lab/nomad/allocations.js';
import type { LabClient } from '../lab/nomad.js';
import { type Consumer, consumerJob } from './consumer.js';
import { startSite } from './site.js';
import { unclaimed, volumeSpec } from './volumes.js';

const LIMIT_MS = 30_000;

/** Counts in a file, and ends where it cannot. */
const COUNT =
  'i=$(cat /data/count || echo 0); while :; do i=$((i+1)); echo $i >/data/count.new && sync /data/count.new && mv /data/count.new /data/count || exit 1; sleep 0.1; done';

const site = await startSite({ clients: 2 });
const { nomad } = site;
const [first] = nomad.clients as [LabClient];

async function createVolume(id: string): Promise<void> {
  await nomad.cli('volume', 'create', site.file(`${id}.volume.hcl`, volumeSpec({ id })));
}

function counter(id: string, more: Partial<Consumer> = {}): Promise<string> {
  return nomad.runJob(
    consumerJob({ id, script: COUNT, volumes: { data: { source: id } }, ...more }),
  );
}

/** The client that an allocation is on. */
function clientOf({ NodeID }: Allocation): LabClient {
  const client = nomad.clients.find(({ nodeId }) => nodeId === NodeID);
  if (client === undefined) throw new Error(`no client has the node ${NodeID}`);
  return client;
}

/** What the counter of an allocation has come to. */
function countOf(client: LabClient, allocation: Allocation, volume: string): number {
  try {
    return Number(readFileSync(join(site.target(client, allocation, volume), 'count'), 'utf8'));
  } catch {
    return 0;
  }
}

/** Waits until a counter has gone on from where it is, and returns where it is then. */
async function goesOn(allocation: Allocation, volume: string): Promise<number> {
  const client = clientOf(allocation);
  const before = countOf(client, allocation, volume);
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(100)) {
    const now = countOf(client, allocation, volume);
    if (now > before) return now;
  }
  throw new Error(`${volume} stands still at ${before}`);
}

async function stop(t: Test, job: string): Promise<void> {
  await nomad.cli('job', 'stop', '-detach', job);
  await ended(nomad, job);
  await unclaimed(nomad, job);
  t.same(
    nomad.clients.flatMap((client) => site.mounts(client)),
    [],
    'nothing is mounted',
  );
  await nomad.cli('volume', 'delete', job);
}

t.test(
  'a job goes on while its plugin, or its Nomad client, is restarted, killed or upgraded',
  async (t) => {
    await createVolume('steady');
    await counter('steady', { on: first.name });
    const [allocation] = (await running(nomad, 'steady')) as [Allocation];
    await goesOn(allocation, 'steady');
    const mounts = site.mounts(first);

    const steps: [string, () => Promise<unknown>][] = [
      ['the plugin is restarted', () => site.restartPlugin(first)],
      ['the plugin is killed', () => site.killPlugin(first)],
      ['the plugin is upgraded', () => site.replaced(first, () => site.runPlugin(first, '2'))],
      ['the client is killed', () => first.kill().then(() => first.start())],
      ['the client is restarted', () => first.stop().then(() => first.start())],
    ];
    for (const [what, step] of steps) {
      const before = await goesOn(allocation, 'steady');
      await step();
      await site.healthy();
      t.ok((await goesOn(allocation, 'steady')) > before, what);
      t.equal(
        (await running(nomad, 'steady'))[0]?.ID,
        allocation.ID,
        `${what}: the same allocation`,
      );
      t.same(site.mounts(first), mounts, `${what}: the same mounts`);
    }
    await stop(t, 'steady');
  },
);
