import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { pannier } from '../cli/pannier.js';
import { specOf } from '../lab/bytes.js';
import { Disks, finished, idOf } from './disks.js';
import { held } from './held.js';
import { PLUGIN, ROLE, startSite } from './site.js';

const site = await startSite();
const { agent, framework, mesos } = site;
const disks = new Disks(framework);
const MIB = 1 << 20;

/** What a command prints as data, asked of this site's agent. */
async function ask(...words: string[]) {
  const address = `-agent=${agent.daemon.address}`;
  const { code, stdout, stderr } = await pannier([
    ...words.slice(0, 2),
    '-json',
    address,
    ...words.slice(2),
  ]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const disk = await disks.create('ext4', 64);
await disks.write(disk, 'echo kept > data/letter');
const task = await disks.launch(disk, 'sleep 1000');
await framework.task(task, /RUNNING/);
const use = {
  taskId: task,
  frameworkId: framework.id,
  frameworkName: ROLE,
  state: 'TASK_RUNNING',
  through: 'disk',
  containerPath: 'data',
  readonly: false,
};

t.test('a disk, its provider and plugin, its task and its image are on one page', async (t) => {
  const { agents, disks: found, others, sources } = await ask('mesos', 'status');
  t.match(agents, [
    {
      hostname: 'localhost',
      providers: [{ name: 'ceph', role: ROLE, plugin: { type: PLUGIN, name: 'ceph' }, disks: 1 }],
      operations: [],
      containers: [{ id: /--csi-pannier-rbd-ceph--CONTROLLER_SERVICE-NODE_SERVICE$/ }],
      gaps: [],
    },
  ]);
  t.same(agents[0].providers[0].pools.map(({ profile }: { profile: string }) => profile).sort(), [
    'block',
    'ext4',
  ]);
  const joined = { volumeId: idOf(disk), type: 'MOUNT', profile: 'ext4', sizeBytes: 64 * MIB };
  t.match(found, [{ ...joined, role: ROLE, persistence: 'letter', image: 'there', uses: [use] }]);
  t.same(others, []);
  t.match(sources, [{ kind: 'agent' }, { kind: 'plugin', address: /mesos-csi-/, problem: null }]);

  const page = await pannier(['mesos', 'status', `-master=${mesos.master.address}`]);
  t.equal(page.code, 0, page.stderr);
  const line = `^MOUNT +ext4 +64 MiB +${ROLE} +letter +there +${task} +${idOf(disk)}$`;
  t.match(page.stdout, new RegExp(line, 'm'), 'the agents of a master are asked too');
});

t.test('inspection knows who has a volume on Mesos', async (t) => {
  const { mesos: view, nodes, inconsistencies } = await ask('volume', 'inspect', idOf(disk));
  t.match(view.disks, [{ provider: { name: 'ceph' }, plugin: `${PLUGIN}.ceph`, type: 'MOUNT' }]);
  t.equal(view.disks[0].agent.hostname, 'localhost');
  t.match(view.uses, [use]);
  t.match(nodes, [{ nodeId: site.nodeId(agent), stagings: [{ state: 'staged' }] }]);
  t.same(inconsistencies, [], 'a mount in a sandbox is no mistake');
});

t.test('a disk that grew is the same disk to Mesos, and its file system has grown', async (t) => {
  const looks = () => site.log(agent).filter(({ rpc }) => rpc === 'ListVolumes').length;
  const endpoint = `-endpoint=${site.endpoint(agent)}`;
  const size = () => site.image(idOf(disk));
  const { code, stderr } = await pannier(['volume', 'expand', endpoint, idOf(disk), '96MiB']);
  t.equal((await size()).size, 96 * MIB, stderr);
  t.ok(code === 0 || /CAP_SYS_RESOURCE/.test(stderr), 'where the kernel lets it');
  for (const before = looks(); looks() < before + 2; ) await sleep(100);
  const { disks: found } = await ask('mesos', 'status');
  const same = { volumeId: idOf(disk), type: 'MOUNT', sizeBytes: 64 * MIB, image: 'there' };
  t.equal(found.length, 1);
  t.match(found, [same]);
});

t.test('an operation that waits is shown, and a plugin that does not answer', async (t) => {
  const nobody = '-endpoint=unix:///nowhere/csi.sock';
  const { operation, operations, status } = await held(site, 'ext4', async () => {
    const now = await ask('mesos', 'status', nobody);
    return { operations: now.agents[0].operations, status: now };
  });
  const state = 'OPERATION_PENDING';
  t.match(operations, [{ type: 'CREATE_DISK', state, frameworkId: framework.id, volumeId: null }]);
  t.equal(status.others, null);
  t.match(status.sources, [
    { problem: null },
    { kind: 'plugin', problem: /there is no such socket/ },
  ]);

  const { converted_resources: made = [] } = finished(await operation.ended());
  const { metadata } = made[0]?.disk?.source ?? {};
  t.equal(metadata?.labels[0]?.value, operations[0].uuid, 'its UUID is the name of what it makes');
});

t.test('a disk whose image is gone', async (t) => {
  const lost = await disks.create('ext4', 32);
  await site.ceph.rbd('rm', '--no-progress', specOf(idOf(lost)));
  const { disks: found } = await ask('mesos', 'status');
  const one = found.find(({ volumeId }: { volumeId: string }) => volumeId === idOf(lost));
  t.match(one, { image: 'missing' });
  const { inconsistencies } = await ask('volume', 'inspect', idOf(lost));
  const kinds = inconsistencies.map(({ kind }: { kind: string }) => kind);
  t.ok(kinds.includes('mesos-disk-without-image'), `${kinds}`);
});

t.test('a plugin that does not run is told of, since Mesos may have given it up', async (t) => {
  site.breakPlugin(agent);
  for (let told = ''; !told.includes('The plugin of resource provider "ceph" does not run'); ) {
    const { code, stdout } = await pannier(['mesos', 'status', `-agent=${agent.daemon.address}`]);
    if (code === 0) told = stdout;
  }
  site.repairPlugin(agent);
  await agent.restart();
  const [{ providers }] = (await ask('mesos', 'status')).agents;
  t.ok(providers[0].containers[0].pid > 0, 'an agent that starts anew runs it');
  await disks.destroy(await disks.create('ext4', 32));
});

t.test('no Mesos', async (t) => {
  const none = await pannier(['mesos', 'status', '-json', '-agent=127.0.0.1:1']);
  t.match(none, { code: 3, stdout: '' });
  t.match(JSON.parse(none.stderr).error, { code: 'UNREACHABLE', message: /nothing listens there/ });
});
