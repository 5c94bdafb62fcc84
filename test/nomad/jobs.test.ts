import t, { type Test } from 'tap';
import { pannier } from '../cli/pannier.js';
import { type Allocation, ended, running } from '../lab/nomad/allocations.js';
import type { LabClient } from '../lab/nomad.js';
import { clientOf, countOf, goesOn, runCounter } from './counter.js';
import { NOBODY, untilHeld } from './held.js';
import { startSite } from './site.js';
import { createVolume } from './volumes.js';

/** The old allocation stays until the new one, its canary, is well. */
const CANARY =
  'update {\n  canary = 1\n  min_healthy_time = "1s"\n  healthy_deadline = "4s"\n  progress_deadline = "5s"\n}';

const site = await startSite({ clients: 2 });
const { nomad } = site;
const [first] = nomad.clients as [LabClient];

async function stop(t: Test, job: string, volumes: readonly string[] = [job]): Promise<void> {
  await nomad.cli('job', 'stop', '-detach', job);
  await ended(nomad, job);
  for (const volume of volumes) {
    t.same(await untilHeld(site, volume, NOBODY), NOBODY, 'nobody has it');
    await nomad.cli('volume', 'delete', volume);
  }
}

t.test(
  'a job goes on while its plugin, or its Nomad client, is restarted, killed or upgraded',
  async (t) => {
    await createVolume(site, 'steady');
    await runCounter(site, 'steady', { on: first.name });
    const [allocation] = (await running(nomad, 'steady')) as [Allocation];
    await goesOn(site, allocation, 'steady');
    const mounts = site.mounts(first);

    const steps: [string, () => Promise<unknown>][] = [
      ['the plugin is restarted', () => site.restartPlugin(first)],
      ['the plugin is killed', () => site.killPlugin(first)],
      ['the plugin is upgraded', () => site.upgradePlugin(first, '2')],
      ['the client is killed', () => first.kill().then(() => first.start())],
      ['the client is restarted', () => first.stop().then(() => first.start())],
    ];
    for (const [what, step] of steps) {
      const before = await goesOn(site, allocation, 'steady');
      await step();
      await site.healthy();
      t.ok((await goesOn(site, allocation, 'steady')) > before, what);
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

t.test('a canary finds no room beside the only writer, and the check says why', async (t) => {
  await createVolume(site, 'canary');
  await runCounter(site, 'canary', { group: CANARY });
  const [allocation] = (await running(nomad, 'canary')) as [Allocation];
  await goesOn(site, allocation, 'canary');
  await runCounter(site, 'canary', { group: `${CANARY}\nmeta {\n  version = "2"\n}` });
  // Of the first version, which needs no canary, the deployment may be cut short by the second one's.
  await nomad.until<readonly { JobVersion: number; Status: string }[]>(
    '/v1/job/canary/deployments',
    (all) => all.some(({ JobVersion, Status }) => JobVersion === 1 && Status === 'failed'),
  );
  t.equal((await running(nomad, 'canary'))[0]?.ID, allocation.ID, 'the old one goes on');
  await goesOn(site, allocation, 'canary');
  const check = await pannier(['nomad', 'check', '-json'], { env: { NOMAD_ADDR: nomad.address } });
  t.match(
    JSON.parse(check.stdout).findings.filter(
      ({ kind }: { kind: string }) => kind === 'canary-without-volume',
    ),
    [{ subject: 'job "canary", group "group"', remedy: /canary = 0/ }],
  );
  await stop(t, 'canary');
});

t.test('each allocation finds the volume of its own number again, wherever it moves', async (t) => {
  const volumes = ['own[0]', 'own[1]'];
  for (const id of volumes) await createVolume(site, id);
  await runCounter(site, 'own', { count: 2, perAlloc: true });
  const before = new Map<string, number>();
  for (const one of await running(nomad, 'own', { count: 2 }))
    before.set(one.Name, await goesOn(site, one, volumeOf(one)));
  await nomad.cli('node', 'drain', '-enable', '-yes', '-detach', first.nodeId);
  const moved = await nomad.until<Allocation[]>(
    '/v1/job/own/allocations',
    (all) =>
      all.filter((one) => one.ClientStatus === 'running' && one.NodeID !== first.nodeId).length ===
      2,
  );
  for (const one of moved.filter(({ ClientStatus }) => ClientStatus === 'running')) {
    t.not(clientOf(site, one), first);
    await goesOn(site, one, volumeOf(one));
    t.ok(countOf(site, one, volumeOf(one)) > (before.get(one.Name) ?? 0), one.Name);
  }
  await nomad.cli('node', 'drain', '-disable', '-yes', first.nodeId);
  await site.healthy();
  await stop(t, 'own', volumes);
});

/** The volume of an allocation that has one of its own: both end with its number. */
function volumeOf({ Name }: Allocation): string {
  return Name.replace(/^.*(?=\[)/, 'own');
}
