import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { pannier } from '../cli/pannier.js';
import { specOf } from '../lab/bytes.js';
import { startCeph } from '../lab/ceph.js';
import { labFolder } from '../lab/folder.js';
import { pool } from '../lab/mesos/resources.js';
import { startMesos } from '../lab/mesos.js';
import { startPlugin } from '../lab/plugin.js';
import { Disks, idOf } from './disks.js';
import { fromMarathon, type MarathonApp, type TaskVolume } from './marathon.js';
import { STOCK, stockAgent } from './stock.js';

const ceph = await startCeph({ own: true });
const mesos = await startMesos();
const framework = await mesos.framework('storage');
const disks = new Disks(framework);

const json = <T>(path: string) => JSON.parse(readFileSync(join(STOCK, path), 'utf8')) as T;
interface TaskFile {
  readonly command: { readonly value: string };
  readonly container: { readonly volumes: readonly TaskVolume[] };
}

const anyCpus = ({ name }: { readonly name: string }) => name === 'cpus';

/** Texts by their paths below a folder. */
async function filesOf(folder: string): Promise<Record<string, string>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile());
  const texts = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}

t.test('the files of agents are what mesos config writes of the site', async (t) => {
  const out = labFolder();
  const { code, stderr } = await pannier([
    'mesos',
    'config',
    `-out=${out}`,
    join(STOCK, 'site.hcl'),
  ]);
  t.equal(code, 0, stderr);
  t.match(stderr, /not held against the plugin's configuration/, 'which is not here, as is said');
  t.same(await filesOf(out), await filesOf(join(STOCK, 'agent')));
  const again = await pannier(['mesos', 'config', '-json', `-out=${out}`, join(STOCK, 'site.hcl')]);
  const outcomes = JSON.parse(again.stdout) as ReadonlyArray<{ readonly outcome: string }>;
  t.ok(outcomes.every(({ outcome }) => outcome === 'unchanged'));
});

t.test('an agent with them offers disks of each profile', async (t) => {
  await stockAgent(mesos, ceph);
  await framework.offered(pool('rbd-block'));
  const disk = await disks.create('rbd-ext4', 64);
  const script = 'echo kept > data/letter && findmnt --noheadings --output FSTYPE,OPTIONS data';
  const written = await disks.write(disk, script);
  t.match(written, { state: 'TASK_FINISHED', message: /^ext4 .*noatime/ });
  t.match(await ceph.rbd('info', specOf(idOf(disk))), 'fast-diff');

  t.match(await disks.use(disk, 'cat data/letter'), { message: 'kept' });
  await disks.destroyVolume(disk);
  await disks.destroy(disk);
});

t.test('a volume of the command line, in tasks of a framework and of Marathon', async (t) => {
  const plugin = await startPlugin({ clusters: [ceph.settings], mode: 'controller' });
  const spec = join(STOCK, 'letters.volume.hcl');
  const created = await pannier([
    'volume',
    'create',
    '-json',
    `-endpoint=${plugin.endpoint}`,
    spec,
  ]);
  t.equal(created.code, 0, created.stderr);
  const { id } = JSON.parse(created.stdout) as { readonly id: string };
  const task = json<TaskFile>('framework/letters.task.json');
  const app = fromMarathon(json<MarathonApp>('marathon/letters.json'));
  const { volumes } = task.container;
  for (const { source } of [...volumes, ...app.volumes])
    t.equal(source.csi_volume.static_provisioning.volume_id, id);

  const script = task.command.value;
  const first = await framework.run(anyCpus, () => ({ script, volumes }));
  t.match(first, { state: 'TASK_FINISHED', message: 'from a framework' });
  const second = await framework.run(anyCpus, () => app);
  t.match(second, { state: 'TASK_FINISHED', message: /^from a framework\nfrom Marathon/ });
  const watched = async () => (await ceph.rbd('status', specOf(id))).includes('watcher=');
  while (await watched()) await sleep(100);
});
