import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { connect } from '../../src/csi/wire/client.js';
import { Identity } from '../../src/proto/csi/v1/csi_pb.js';
import { pannier } from '../cli/pannier.js';
import { writeTo } from '../lab/bytes.js';
import { type LabPlugin, startPlugin } from '../lab/plugin.js';
import { Disks, finished, idOf } from './disks.js';
import { held } from './held.js';
import { startSite } from './site.js';

const site = await startSite();
const { agent, framework } = site;
const disks = new Disks(framework);

interface Leftover {
  readonly kind: string;
  readonly subject: string;
  readonly problem: string;
  readonly remedy: string | null;
  readonly fixed: boolean;
}

/** What `mesos gc` finds, by what it is about. */
async function gc(
  ...flags: string[]
): Promise<{ code: number | null; about: (id: string) => Leftover | undefined; gaps: unknown[] }> {
  const address = `-agent=${agent.daemon.address}`;
  const { code, stdout, stderr } = await pannier(['mesos', 'gc', '-json', address, ...flags]);
  if (stdout === '') throw new Error(stderr);
  const { findings, gaps } = JSON.parse(stdout) as { findings: Leftover[]; gaps: unknown[] };
  return { code, gaps, about: (id) => findings.find(({ subject }) => subject.includes(id)) };
}

/** The agent's machine gets another disk: what it knew is gone, and the images are there. */
async function forget(): Promise<void> {
  await site.reboot(agent);
  const { workDir } = agent.places;
  rmSync(workDir, { recursive: true });
  mkdirSync(workDir);
  await agent.start();
}

/** The host that the agent's plugin calls its own. */
async function ownHost(): Promise<string> {
  const connection = connect(site.endpoint(agent));
  const { manifest } = await connection.service(Identity).getPluginInfo({});
  connection.close();
  return manifest.host ?? '';
}

t.test('disks that Mesos knows are left alone, used or not', async (t) => {
  const fresh = await disks.create('ext4', 32);
  t.match(await gc('-fix'), { code: 0, gaps: [] });
  t.equal((await site.image(idOf(fresh))).size, 32 << 20);
  await disks.destroy(fresh);
});

t.test('of images that no provider knows only empty ones go', async (t) => {
  const [empty, written, used] = [
    await disks.create('ext4', 32),
    await disks.create('block', 32, 'BLOCK'),
    await disks.create('ext4', 32),
  ].map(idOf) as [string, string, string];
  await writeTo(site.ceph, written, 1);
  await disks.write(await theDisk(used), 'echo kept > data/letter');
  await forget();

  const found = await gc();
  t.equal(found.code, 1);
  t.match(found.about(empty), { kind: 'image-without-disk', remedy: /^delete/, fixed: false });
  t.match(found.about(written), { problem: /; it holds data/, remedy: null });
  t.match(found.about(used), { problem: /; it is published/, remedy: null });

  const fixed = await gc('-fix');
  t.equal(fixed.code, 1, 'a person must look at the others');
  t.match(fixed.about(empty), { fixed: true });
  t.match([fixed.about(written), fixed.about(used)], [{ fixed: false }, { fixed: false }]);
  const names = await site.images();
  t.same(
    [empty, written, used].map((id) => names.includes(id.split('/')[2] ?? '')),
    [false, true, true],
  );
});

t.test('what an operation under way has made is left alone', async (t) => {
  const other = await startPlugin({
    clusters: [site.ceph.settings],
    mode: 'controller',
    config: `scope = "host"\nhost_id = ${JSON.stringify(await ownHost())}`,
  });
  const endpoint = `-endpoint=${other.endpoint}`;
  // The very call that waits in the plugin: it is under way, and its image there.
  const { operation, id, finding } = await held(site, 'ext4', async () => {
    const words = ['mesos', 'status', '-json', `-agent=${agent.daemon.address}`, endpoint];
    const { stdout } = await pannier(words);
    const { operations } = (JSON.parse(stdout) as Status).agents[0] ?? { operations: [] };
    const [waiting] = operations;
    if (waiting === undefined) return { operations, id: '', finding: undefined };
    const made = await create(other, waiting.uuid);
    return { operations, id: made, finding: (await gc('-fix', endpoint)).about(made) };
  });
  t.equal(finding, undefined);
  const { converted_resources: made = [] } = finished(await operation.ended());
  t.equal(made[0]?.disk?.source?.id, id, 'it is what the operation has made');
  await other.stop();
});

interface Status {
  readonly agents: ReadonlyArray<{ readonly operations: ReadonlyArray<{ readonly uuid: string }> }>;
}

/** Creates what a CREATE_DISK of 32 MiB does, and returns its id. */
async function create({ controller }: LabPlugin, name: string): Promise<string> {
  const size = BigInt(32 << 20);
  const mount = { case: 'mount' as const, value: { fsType: 'ext4' } };
  const { volume } = await controller.createVolume({
    name,
    capacityRange: { requiredBytes: size, limitBytes: size },
    volumeCapabilities: [{ accessType: mount, accessMode: { mode: 1 } }],
  });
  return volume?.volumeId ?? '';
}

t.test("where hosts are not kept apart, an image may be another agent's", async (t) => {
  const plugin = await startPlugin({ clusters: [site.ceph.settings], mode: 'controller' });
  const id = await create(plugin, '11111111-2222-4333-8444-555555555555');
  const found = await gc('-fix', `-endpoint=${plugin.endpoint}`);
  t.match(found.about(id), { problem: /scope = "host"/, fixed: false });
  await plugin.stop();
});

t.test('the container of a plugin that is not configured any more', async (t) => {
  const provider = JSON.parse(readFileSync(join(agent.places.providerDir, 'ceph.json'), 'utf8'));
  const [container] = provider.storage.plugin.containers;
  const state = join(site.folder, 'tasks');
  mkdirSync(state, { recursive: true });
  const value = container.command.value.replace(
    'plugin run',
    `plugin run -mode=node -state-dir=${state}`,
  );
  const plugin = (name: string) => ({
    type: 'csi.pannier.rbd',
    name,
    containers: [{ ...container, services: ['NODE_SERVICE'], command: { value } }],
  });
  const id = 'mesos-internal-csi-csi-pannier-rbd-before--NODE_SERVICE';
  agent.configure({ csiPlugins: { 'tasks.json': plugin('before') } });
  await agent.restart();
  await running(id, true);
  t.equal((await gc()).about(id), undefined);

  agent.configure({ csiPlugins: { 'tasks.json': plugin('after') } });
  await agent.restart();
  t.match((await gc()).about(id), {
    kind: 'container-without-plugin',
    remedy: 'end the container',
  });
  t.match((await gc('-fix')).about(id), { fixed: true });
  await running(id, false);
  t.equal((await gc()).about(id), undefined);
});

async function theDisk(id: string) {
  return (await framework.offered(({ disk }) => disk?.source?.id === id)).resource;
}

/** Waits until a container runs, or does not. */
async function running(id: string, wanted: boolean): Promise<void> {
  await agent.daemon.answers(async () => {
    const { containers = [] } = await agent.ask<{
      containers?: ReadonlyArray<{ container_id: { value: string } }>;
    }>('GET_CONTAINERS', { show_standalone: true });
    const runs = containers.some(({ container_id }) => container_id.value === id);
    return runs === wanted ? true : undefined;
  }, `container ${id}`);
}
