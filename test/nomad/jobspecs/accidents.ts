import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { findProcesses } from '../../../src/dev/processes.js';
import { listLoops } from '../../../src/node/device/loop.js';
import { loopsBelow, mountsBelow } from '../../lab/folder.js';
import { type Allocation, running } from '../../lab/nomad/allocations.js';
import { redis } from './examples.js';
import type { JobspecSite } from './site.js';

const LIMIT_MS = 120_000;

/** The plugin dies, and before it is back the job that uses a volume is stopped. */
export async function pluginKilledWhileItsConsumerStops(
  t: Test,
  site: JobspecSite,
  job: string,
): Promise<void> {
  const volume = await site.createVolume('database');
  const [database] = await site.runExample('database');
  t.equal(await redis(site, database, `SET letter ${randomUUID()}`), 'OK');
  t.not(attached(site, volume).length, 0);
  const [{ TaskStates } = { TaskStates: null }] = await running(site.nomad, job);
  killPlugin(site);
  await site.stop('database');
  await site.nomad.until<readonly { TaskStates: typeof TaskStates }[]>(
    `/v1/job/${job}/allocations`,
    (all) =>
      all.some(
        (one) =>
          one.TaskStates?.plugin?.State === 'running' &&
          one.TaskStates.plugin.Restarts > (TaskStates?.plugin?.Restarts ?? 0),
      ),
  );
  await site.unclaimed('database');
  t.same(await leftOf(site, volume), [], 'nothing is left mounted or attached');
  await site.nomad.cli('volume', 'delete', 'database');
}

/** Another version of the node's plugin takes over while a job uses a volume. */
export async function pluginReplacedUnderItsConsumer(t: Test, site: JobspecSite): Promise<void> {
  const { nomad } = site;
  const volume = await site.createVolume('database');
  const [database] = await site.runExample('database');
  const word = randomUUID();
  t.equal(await redis(site, database, `SET letter ${word}`), 'OK');
  const [before] = await running(nomad, 'pannier-node');
  const job = await site.run('exec/node.nomad.hcl', { package: `${site.packageUrl}?another` });
  await nomad.until<readonly Allocation[]>(`/v1/job/${job}/allocations`, (all) =>
    all.some(({ ID, ClientStatus }) => ID !== before?.ID && ClientStatus === 'running'),
  );
  await running(nomad, job);
  t.equal(await redis(site, database, 'GET letter'), word, 'the database goes on');
  t.equal(await redis(site, database, 'SET letter again'), 'OK', 'and writes');
  const [now] = await running(nomad, 'database');
  t.match(now, { ID: database?.ID, TaskStates: { redis: { Restarts: 0 } } }, 'undisturbed');
  await site.stop('database');
  await site.unclaimed('database');
  t.same(await leftOf(site, volume), [], 'the new plugin takes down what the old one made');
  await nomad.cli('volume', 'delete', 'database');
}

/** What stays mounted or attached for longer than the plugin takes to see that nobody wants it. */
async function leftOf(site: JobspecSite, volume: string): Promise<string[]> {
  const end = Date.now() + LIMIT_MS;
  while (attached(site, volume).length > 0 && Date.now() < end) await sleep(500);
  return attached(site, volume);
}

/** What is mounted or attached on the client, as the kernel tells it. */
function attached({ nomad, folder }: JobspecSite, volume: string): string[] {
  const mounts = mountsBelow(nomad.client.stateDir).filter((path) =>
    /\/csi\/.*\/(staging|per-alloc|fuse)\//.test(path),
  );
  // The kernel loses the path of a device's file when the container ends in which the file was.
  const image = volume.slice(volume.lastIndexOf('/'));
  const lost = listLoops().filter(({ file }) => file === image);
  return [
    ...mounts,
    ...mountsBelow(folder),
    ...loopsBelow(nomad.client.stateDir),
    ...loopsBelow(folder),
    ...lost.map(({ path }) => path),
  ];
}

/** Ends the node plugin as the kernel does when there is no memory left. */
function killPlugin(site: JobspecSite): void {
  const plugins = findProcesses(
    (args) => args.includes('plugin') && args.includes(`-node-id=${site.nomad.client.nodeId}`),
  );
  if (plugins.length === 0) throw new Error('no node plugin runs');
  for (const { pid } of plugins) process.kill(pid, 'SIGKILL');
}
