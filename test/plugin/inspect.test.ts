import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { accessOf } from '../../src/rbd/access.js';
import { callAsync, Memory } from '../../src/rbd/native.js';
import { Session } from '../../src/rbd/session.js';
import { pannier, type Ran } from '../cli/pannier.js';
import { startCeph } from '../lab/ceph.js';
import { labFolder } from '../lab/folder.js';
import { pannierProgram, startPlugin } from '../lab/plugin.js';
import { sh } from '../node/lab.js';
import { createVolume, MIB, mountAs } from './refusal.js';

const ceph = await startCeph();
const clusters = [ceph.settings];
const plugin = await startPlugin({ clusters });
/** Nothing listens there. */
const NO_NOMAD = { NOMAD_ADDR: 'http://127.0.0.1:1' };

/** What the page holds, as far as these tests look at it. */
interface Page {
  readonly handle: string | null;
  readonly record: Record<string, unknown> | null;
  readonly image: {
    readonly id: string;
    readonly [key: string]: unknown;
    readonly watchers: ReadonlyArray<Record<string, unknown>>;
    readonly snapshots: ReadonlyArray<Record<string, unknown>>;
  } | null;
  readonly deleted: ReadonlyArray<Record<string, unknown>> | null;
  readonly nodes: ReadonlyArray<Record<string, unknown> & { readonly holders: string[] }>;
  readonly inconsistencies: ReadonlyArray<{
    readonly kind: string;
    readonly command: string | null;
  }>;
  readonly sources: ReadonlyArray<Record<string, unknown>>;
}

const NO_IMAGE: NonNullable<Page['image']> = { id: '', watchers: [], snapshots: [] };

function inspect(id: string, ...flags: string[]): Promise<Ran> {
  const env = { PANNIER_ENDPOINT: plugin.endpoint, ...NO_NOMAD };
  return pannier(['volume', 'inspect', ...flags, id], { env });
}

async function pageOf(id: string, ...flags: string[]): Promise<Page> {
  const { code, stdout, stderr } = await inspect(id, '-json', ...flags);
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

async function kindsOf(id: string): Promise<string[]> {
  return (await pageOf(id)).inconsistencies.map(({ kind }) => kind);
}

/** Runs a command of Pannier's that a finding gives, as it stands. */
async function run(command: string | null | undefined): Promise<Ran> {
  const [program, ...words] = (command ?? '').split(' ');
  if (program !== 'pannier') throw new Error(`"${command}" is none of Pannier's`);
  return pannier(words, { env: NO_NOMAD });
}

interface Used {
  readonly volumeId: string;
  readonly staging: string;
  readonly target: string;
  /** Takes it down again. */
  letGo(): Promise<void>;
}

/** A volume that is published to the node, staged and published at a path. */
async function use(name: string, fsType = '', mebibytes = 64n): Promise<Used> {
  const volumeId = await createVolume(plugin, name, mebibytes * MIB);
  const staging = join(plugin.folder, `staging-${name}`);
  const target = join(plugin.folder, `target-${name}`);
  mkdirSync(staging);
  const volumeCapability = mountAs(fsType);
  const nodeId = 'lab-node';
  await plugin.controller.controllerPublishVolume({ volumeId, nodeId, volumeCapability });
  const stage = { volumeId, stagingTargetPath: staging, volumeCapability };
  await plugin.node.nodeStageVolume(stage);
  await plugin.node.nodePublishVolume({ ...stage, targetPath: target });
  return {
    ...{ volumeId, staging, target },
    async letGo() {
      await plugin.node.nodeUnpublishVolume({ volumeId, targetPath: target });
      await plugin.node.nodeUnstageVolume({ volumeId, stagingTargetPath: staging });
      await plugin.controller.controllerUnpublishVolume({ volumeId, nodeId });
    },
  };
}

/** Has an image open for writing, as another client, while `work` runs. */
async function whileOpen(volumeId: string, work: () => Promise<void>): Promise<void> {
  const [, pool = '', image = ''] = volumeId.split('/');
  const session = await Session.connect(accessOf(ceph.settings));
  try {
    await session.inPool(pool, '', async (io) => {
      using out = new Memory(8);
      t.equal(await callAsync('rbd_open', io, image, out.address, null), 0);
      try {
        await work();
      } finally {
        await callAsync('rbd_close', out.handle(0, 'rbd_image_t'));
      }
    });
  } finally {
    await session.shutdown();
  }
}

/** What `rbd` calls the image of a volume. */
function specOf(volumeId: string): string {
  return volumeId.split('/').slice(1).join('/');
}

t.test('a volume in use, with snapshots and a clone, and nothing that does not fit', async (t) => {
  const used = await use('whole');
  writeFileSync(join(used.target, 'file'), Buffer.alloc(9 << 20, 'x'), { flush: true });
  const holder = openSync(join(used.target, 'file'), 'r');
  const { snapshot } = await plugin.controller.createSnapshot({
    sourceVolumeId: used.volumeId,
    name: 'nightly',
  });
  const clone = await createVolume(plugin, 'whole-copy', 64n * MIB, {
    volumeContentSource: { type: { case: 'volume', value: { volumeId: used.volumeId } } },
  });
  const page = await pageOf(used.volumeId);
  t.same(page.inconsistencies, []);
  t.match(page, {
    handle: used.volumeId,
    nomad: null,
    record: { keeper: 'pannier', name: 'whole', state: 'whole', sizeBytes: 64 << 20 },
    image: {
      sizeBytes: 64 << 20,
      published: { 'lab-node': { mode: 'SINGLE_NODE_WRITER', access: 'mount', readonly: false } },
      locks: [{ name: 'rbd_lock', exclusive: true, nodes: ['lab-node'] }],
      parents: [],
    },
    nodes: [
      {
        nodeId: 'lab-node',
        endpoint: plugin.endpoint,
        mapping: { mapper: 'fuse', alive: true, devices: [{ sizeBytes: 64 << 20 }] },
        stagings: [
          {
            path: used.staging,
            state: 'staged',
            mount: { fsType: 'ext4', readonly: false },
            targets: [{ path: used.target, mount: { fsType: 'ext4', readonly: false } }],
          },
        ],
        unknownPaths: [],
        fileSystem: { type: 'ext4', smaller: false },
        gaps: [],
      },
    ],
    sources: [
      { kind: 'nomad', address: 'http://127.0.0.1:1' },
      { kind: 'controller', address: plugin.endpoint, problem: null },
      { kind: 'node', address: plugin.endpoint, problem: null },
    ],
  });
  const { watchers, snapshots, used: space, id } = page.image ?? NO_IMAGE;
  t.match(watchers, [{ nodes: ['lab-node'], works: false }]);
  t.match(
    snapshots.map(({ handle, kind, clones }) => ({ handle, kind, clones })),
    [
      { handle: snapshot?.snapshotId, kind: 'user', clones: 0 },
      { handle: null, kind: 'trash', clones: 1 },
    ],
  );
  const { images } = JSON.parse(await ceph.rbd('du', '--format=json', specOf(used.volumeId)));
  const counted = images.reduce(
    (sum: number, one: { used_size: number }) => sum + one.used_size,
    0,
  );
  t.ok(Number((space as { bytes: number }).bytes) <= counted, 'no more than with its snapshots');
  t.ok(Number((space as { bytes: number }).bytes) >= 9 << 20);
  const command = readFileSync('/proc/self/comm', 'utf8').trim();
  t.ok(page.nodes[0]?.holders.includes(`${process.pid} (${command})`), 'this very process uses it');
  t.equal(typeof holder, 'number');

  const copy = await pageOf(clone);
  t.match(copy.image, { parents: [{ image: used.volumeId.split('/')[2], volume: used.volumeId }] });
  t.match(page.image, { children: [{ image: clone.split('/')[2], inTrash: false }] });
  t.match(copy.record, { source: `volume ${used.volumeId}` });
  t.not(copy.image?.id, id);

  const text = await inspect(used.volumeId);
  for (const part of [
    'ID              = whole\n',
    `Handle          = ${used.volumeId}\n`,
    '\nNomad\nnot known: no Nomad answers at http://127.0.0.1:1: nothing listens there\n',
    '\nRecord\nKept By   = pannier\n',
    '\nImage\nRBD ID ',
    '\nWatchers\nClient ',
    '\nSnapshots\n',
    '\nChildren\n',
    '\nMounts on lab-node\n',
    'ext4',
    '\nInconsistencies\nnone found in what is known\n',
  ])
    t.ok(text.stdout.includes(part), part);
  t.match(text, { code: 0, stderr: '' });
});

t.test('the ID may be a name or the beginning of one, and a template has every key', async (t) => {
  const volumeId = await createVolume(plugin, 'called-by-name', 16n * MIB);
  for (const id of ['called-by-name', 'called-by'])
    t.equal((await pageOf(id)).handle, volumeId, id);
  const template = '{{.record.name}} {{.image.dataPool}} {{len .inconsistencies}}';
  t.match(await inspect('called-by-name', '-t', template), {
    code: 0,
    stdout: /^called-by-name .* 0\n$/,
  });
  await createVolume(plugin, 'called-by-another', 16n * MIB);
  const many = await inspect('called-by');
  t.match(many, { code: 1, stdout: '', stderr: /Prefix matched multiple volumes/ });
});

t.test('a plain image, in a namespace too, and one that is locked by hand', async (t) => {
  await ceph.rbd('namespace', 'create', `${ceph.pool}/inner`);
  await ceph.rbd('create', '--size=8M', '--image-feature=layering', `${ceph.pool}/inner/plain`);
  const id = `ceph/${ceph.pool}/inner/plain`;
  const page = await pageOf(id);
  t.match(page, {
    handle: id,
    record: null,
    image: { sizeBytes: 8 << 20, features: ['layering'], used: { bytes: 0 } },
    inconsistencies: [],
  });
  const { stdout } = await inspect(id);
  t.match(stdout, '\nRecord\nno plugin wrote one: it is a plain image\n');
  await ceph.rbd('lock', 'add', `${ceph.pool}/inner/plain`, 'maintenance');
  const [finding] = (await pageOf(id)).inconsistencies;
  t.equal(finding?.kind, 'lock-without-client');
  t.match(finding?.command, `rbd lock rm ${ceph.pool}/inner/plain maintenance client.`);
  await ceph.rbd(...(finding?.command ?? '').split(' ').slice(1));
  t.same(await kindsOf(id), [], 'the command mends it');
});

t.test('a volume of ceph-csi is found by its own ID, through its journal', async (t) => {
  const uuid = '0b5d4bd8-7a2e-11ee-b962-0242ac120002';
  const pools = JSON.parse(await ceph.ceph('osd', 'pool', 'ls', 'detail', '--format=json'));
  const { pool_id } = pools.find((one: { pool_name: string }) => one.pool_name === ceph.pool);
  const number = Number(pool_id).toString(16).padStart(16, '0');
  const id = `0001-0007-primary-${number}-${uuid}`;
  t.match(await inspect(id), { code: 1, stderr: /does not exist/ });
  const image = `csi-vol-${uuid}`;
  const set = (key: string, value: string) =>
    ceph.rados('-p', ceph.pool, 'setomapval', `csi.volume.${uuid}`, key, value);
  await set('csi.volname', 'pvc-1');
  await set('csi.imagename', image);
  await set('csi.imageid', 'abc');
  t.match(await pageOf(id), {
    record: { keeper: 'ceph-csi', name: 'pvc-1', state: 'no-image' },
    inconsistencies: [{ kind: 'record-without-image', command: null }],
  });
  await ceph.rbd('create', '--size=8M', '--image-feature=layering', `${ceph.pool}/${image}`);
  t.match(await pageOf(id), { inconsistencies: [{ kind: 'record-differs' }] });
  const { id: rbdId } = JSON.parse(
    await ceph.rbd('info', '--format=json', `${ceph.pool}/${image}`),
  );
  await set('csi.imageid', rbdId);
  t.match(await pageOf(id), {
    handle: `ceph/${ceph.pool}/${image}`,
    record: { keeper: 'ceph-csi', name: 'pvc-1', state: 'whole' },
    image: { sizeBytes: 8 << 20 },
    inconsistencies: [],
  });
});

t.test('a stranger, and a node, that have the image open', async (t) => {
  const volumeId = await createVolume(plugin, 'watched', 16n * MIB);
  await whileOpen(volumeId, async () => {
    // This process speaks from the same machine as the node does.
    t.same(await kindsOf(volumeId), []);
    t.match((await pageOf(volumeId)).image?.watchers, [{ nodes: ['lab-node'] }]);
  });
  const object = 'pannier.nodes';
  await ceph.rados('-p', ceph.pool, 'rmomapkey', object, 'lab-node');
  await whileOpen(volumeId, async () => {
    const page = await pageOf(volumeId);
    t.match(page.inconsistencies, [{ kind: 'watcher-is-no-node', command: null }]);
    t.match(page.image?.watchers, [{ nodes: [] }]);
  });
  const { hostname, address } = { hostname: 'vm', address: '127.0.0.1' };
  const words = JSON.stringify({ hostname, address });
  await ceph.rados('-p', ceph.pool, 'setomapval', object, 'lab-node', words);
  t.same(await kindsOf(volumeId), []);
});

t.test('a device whose server died is mended by unmounting its path', async (t) => {
  const used = await use('died');
  const [pid] = readdirSync('/proc').filter(
    (name) =>
      /^\d+$/.test(name) &&
      cmdlineOf(name).includes('rbd-fuse') &&
      cmdlineOf(name).includes(`--image=${specOf(used.volumeId).split('/')[1]}`),
  );
  process.kill(Number(pid), 'SIGKILL');
  while (cmdlineOf(`${pid}`) !== '') await sleep(20);
  const page = await pageOf(used.volumeId);
  const [finding] = page.inconsistencies;
  t.equal(finding?.kind, 'device-gone');
  t.match(page.nodes, [{ mapping: { alive: false }, fileSystem: null }]);
  t.match(await run(finding?.command), { code: 0 });
  t.same(await kindsOf(used.volumeId), [], 'the command mends it');
  t.match((await pageOf(used.volumeId)).image, { published: {} });
});

function cmdlineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

t.test('a mount that became read-only, and mounts that nobody remembers', async (t) => {
  const used = await use('readonly');
  const device = sh('findmnt', '-no', 'SOURCE', used.staging).trim();
  sh('mount', '-o', 'remount,ro', device, used.staging);
  t.same(await kindsOf(used.volumeId), ['mount-read-only']);
  sh('mount', '-o', 'remount,rw', device, used.staging);
  const elsewhere = join(plugin.folder, 'elsewhere');
  mkdirSync(elsewhere);
  sh('mount', '--bind', used.staging, elsewhere);
  const [finding] = (await pageOf(used.volumeId)).inconsistencies;
  t.match(finding, { kind: 'unknown-mount', command: `umount ${elsewhere}` });
  sh('umount', elsewhere);
  sh('umount', used.target);
  t.same(await kindsOf(used.volumeId), ['mount-missing']);
  await used.letGo();
});

t.test('an image that grew under its device, and a device under its file system', async (t) => {
  const used = await use('grown', 'xfs', 400n);
  await ceph.rbd('resize', '--no-progress', '--size=500M', specOf(used.volumeId));
  const [late] = (await pageOf(used.volumeId)).inconsistencies;
  t.equal(late?.kind, 'device-smaller');
  t.match(await run(late?.command), { code: 0 });
  t.same(await kindsOf(used.volumeId), [], 'the command mends it');
  await ceph.rbd('resize', '--no-progress', '--size=600M', specOf(used.volumeId));
  const device = sh('findmnt', '-no', 'SOURCE', used.staging).trim();
  sh('losetup', '--set-capacity', device);
  t.same(await kindsOf(used.volumeId), ['file-system-smaller']);
  sh('xfs_growfs', '-d', used.staging);
  t.same(await kindsOf(used.volumeId), []);
  await used.letGo();
});

t.test('records that lost their image, and images that lost their record', async (t) => {
  const lost = await createVolume(plugin, 'lost-image', 16n * MIB);
  await ceph.rbd('rm', '--no-progress', specOf(lost));
  t.match(await pageOf(lost), {
    image: null,
    record: { state: 'no-image' },
    inconsistencies: [{ kind: 'record-without-image', command: 'pannier doctor' }],
  });
  const bare = await createVolume(plugin, 'lost-record', 16n * MIB);
  await ceph.rbd('image-meta', 'rm', specOf(bare), 'pannier.volume');
  t.match(await pageOf(bare), {
    record: { state: 'no-mark' },
    inconsistencies: [{ kind: 'image-without-record' }],
  });
  const replaced = await createVolume(plugin, 'replaced', 16n * MIB);
  await ceph.rbd('rm', '--no-progress', specOf(replaced));
  await ceph.rbd('create', '--size=16M', specOf(replaced));
  t.match(await pageOf(replaced), { inconsistencies: [{ kind: 'record-differs' }] });
  const { code } = await pannier(['doctor', '-fix', `-endpoint=${plugin.endpoint}`]);
  t.equal(code, 1, 'what was replaced is left to a person');
  t.match(await inspect(lost), { code: 1, stderr: /does not exist/ });
  t.same(await kindsOf(bare), []);
  await ceph.rbd('rm', '--no-progress', specOf(replaced));
  await pannier(['doctor', '-fix', `-endpoint=${plugin.endpoint}`]);
});

t.test('an object map that is wrong, and a deletion that went no further', async (t) => {
  const volumeId = await createVolume(plugin, 'marked', 16n * MIB);
  const { image } = await pageOf(volumeId);
  const flags = join(labFolder(), 'flags');
  writeFileSync(flags, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
  const header = `rbd_header.${image?.id}`;
  await ceph.rados('-p', ceph.pool, 'setomapval', header, 'flags', '--input-file', flags);
  const [finding] = (await pageOf(volumeId)).inconsistencies;
  t.equal(finding?.kind, 'object-map-invalid');
  await ceph.rbd(...(finding?.command ?? '').split(' ').slice(1), '--no-progress');
  t.same(await kindsOf(volumeId), [], 'the command mends it');
  const mark = ['pannier.deleting', `${image?.id} controller-1`] as const;
  await ceph.rbd('image-meta', 'set', specOf(volumeId), ...mark);
  const [deletion] = (await pageOf(volumeId)).inconsistencies;
  t.equal(deletion?.kind, 'unfinished-deletion');
  t.match(await run(deletion?.command), { code: 0 });
  // Until its space is freed it is told of as deleted.
  while ((await inspect(volumeId)).code === 0) await sleep(100);
  t.match(await inspect(volumeId), { code: 1, stderr: /does not exist/ });
});

t.test('a deleted volume whose snapshot keeps its data, until it is taken back', async (t) => {
  const volumeId = await createVolume(plugin, 'buried', 16n * MIB);
  await plugin.controller.createSnapshot({ sourceVolumeId: volumeId, name: 'of-buried' });
  await plugin.controller.deleteVolume({ volumeId });
  const page = await pageOf(volumeId);
  t.match(page, { image: null, deleted: [{ name: 'buried', snapshots: 1, freeing: false }] });
  const [finding] = page.inconsistencies;
  t.equal(finding?.kind, 'deleted');
  t.match(await run(finding?.command), { code: 0 });
  t.same(await kindsOf(volumeId), []);
});

t.test(
  'a controller and a node in two processes; the node is named by its own endpoint',
  async (t) => {
    const controller = await startPlugin({ clusters, mode: 'controller' });
    const other = await startPlugin({ clusters, mode: 'node', nodeId: 'other-node' });
    const volumeId = await createVolume(controller, 'apart', 64n * MIB);
    const volumeCapability = mountAs();
    const stagingTargetPath = join(other.folder, 'staging');
    mkdirSync(stagingTargetPath);
    const nodeId = 'other-node';
    await controller.controller.controllerPublishVolume({ volumeId, nodeId, volumeCapability });
    await other.node.nodeStageVolume({ volumeId, stagingTargetPath, volumeCapability });
    const env = { ...NO_NOMAD, PANNIER_ENDPOINT: controller.endpoint };
    const ask = (...flags: string[]) => pannier(['volume', 'inspect', ...flags, volumeId], { env });
    const alone = await ask();
    t.match(alone.stdout, '\nMounts\nnot known: no node is known: name each with -node-endpoint\n');
    const both: Page = JSON.parse((await ask('-json', `-node-endpoint=${other.endpoint}`)).stdout);
    t.match(both.nodes, [{ nodeId: 'other-node', stagings: [{ path: stagingTargetPath }] }]);
    const missing = `unix://${other.folder}/nothing.sock`;
    const some = await ask(`-node-endpoint=${missing}`, `-node-endpoint=${other.endpoint}`);
    t.match(some.stdout, '\nMounts on other-node\n');
    t.ok(
      some.stdout.includes(`\nMounts at ${missing}\nnot known: no plugin answers at ${missing}: `),
    );
    const wrong = await ask(`-node-endpoint=${controller.endpoint}`);
    t.ok(
      wrong.stdout.includes(
        `\nMounts at ${controller.endpoint}\nnot known: it is no node of Pannier\n`,
      ),
    );
    const unmounted = await pannier(
      ['volume', 'unmount', `-endpoint=${other.endpoint}`, stagingTargetPath],
      { env: NO_NOMAD },
    );
    t.match(unmounted, { code: 0 }, 'the staging path alone can be taken down');
    const after: Page = JSON.parse((await ask('-json', `-node-endpoint=${other.endpoint}`)).stdout);
    t.match(after.nodes, [{ mapping: null, stagings: [] }]);
  },
);

t.test(
  'nothing of it anywhere, nobody who could tell, and a Ceph that does not answer',
  async (t) => {
    const none = await inspect(`ceph/${ceph.pool}/nothing`, '-json');
    t.match(none, { code: 1, stdout: '' });
    const { error } = JSON.parse(none.stderr);
    t.match(error, { code: 'NOT_FOUND', message: /does not exist as far as can be told: nomad: / });
    const nobody = await pannier(['volume', 'inspect', '-json', 'data'], {
      env: { ...NO_NOMAD, PANNIER_ENDPOINT: `unix://${plugin.folder}/nothing.sock` },
    });
    t.match(nobody, { code: 3, stdout: '' });
    t.match(JSON.parse(nobody.stderr).error, { code: 'UNREACHABLE', message: /nobody can tell/ });
    const settings = { ...ceph.settings, conf: undefined, monitors: ['127.0.0.1:1'] };
    const blind = await startPlugin({ clusters: [settings], mode: 'controller' });
    const down = await pannier(['volume', 'inspect', '-json', `ceph/${ceph.pool}/nothing`], {
      env: { ...NO_NOMAD, PANNIER_ENDPOINT: blind.endpoint },
    });
    t.match(down, { code: 3, stdout: '' });
    t.match(JSON.parse(down.stderr).error.message, 'cluster "ceph" does not answer');
  },
);

t.test('-watch prints each change as one line', async (t) => {
  const volumeId = await createVolume(plugin, 'followed', 16n * MIB);
  const [node, program] = pannierProgram();
  const words = [program, 'volume', 'inspect', '-watch', '-json', volumeId];
  const child = spawn(node, words, {
    env: { ...process.env, ...NO_NOMAD, PANNIER_ENDPOINT: plugin.endpoint },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value as string) as Page;
  t.equal((await next()).image?.snapshots.length, 0);
  await plugin.controller.createSnapshot({ sourceVolumeId: volumeId, name: 'of-followed' });
  let page = await next();
  while (page.image?.snapshots.length === 0) page = await next();
  t.equal(page.image?.snapshots.length, 1);
  await plugin.controller.deleteVolume({ volumeId });
  while (page.image !== null) page = await next();
  t.match(page.inconsistencies, [{ kind: 'deleted' }]);
});
