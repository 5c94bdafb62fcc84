import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { bytesOf, specOf, writeTo } from '../lab/bytes.js';
import type { LabCeph } from '../lab/ceph.js';
import { startCeph } from '../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { codeOf, type LabPlugin } from '../lab/plugin.js';
import { allRefused, createVolume, MIB, Plugins, refused } from './refusal.js';

const SIZE = 64n * MIB;

const ceph = await startCeph();
const elsewhere = { ...ceph.settings, name: 'elsewhere', pool: await ceph.freshPool() };
const plugins = new Plugins();
const plugin = await plugins.start({
  clusters: [ceph.settings, elsewhere],
  mode: 'controller',
});
const { controller, folder } = plugin;

const wrongKey = (() => {
  const bytes = Buffer.from(ceph.key, 'base64');
  bytes.fill(9, 12);
  return bytes.toString('base64');
})();

async function snap(name: string, sourceVolumeId: string): Promise<string> {
  const { snapshot } = await controller.createSnapshot({ name, sourceVolumeId });
  return snapshot?.snapshotId ?? '';
}

const fromSnapshot = (snapshotId: string) => ({
  volumeContentSource: { type: { case: 'snapshot' as const, value: { snapshotId } } },
});
const fromVolume = (volumeId: string) => ({
  volumeContentSource: { type: { case: 'volume' as const, value: { volumeId } } },
});
const drop = (volumeId: string) => controller.deleteVolume({ volumeId });
const remove = (snapshotId: string) => controller.deleteSnapshot({ snapshotId });

async function snapshotsOf(lab: LabCeph, volumeId: string): Promise<string[]> {
  const listed = await lab.rbd('snap', 'ls', '--format', 'json', specOf(volumeId));
  return (JSON.parse(listed) as { name: string }[]).map(({ name }) => name);
}

t.test('a snapshot name taken by another source', async (t) => {
  const [one, other] = [
    await createVolume(plugin, 'one', SIZE),
    await createVolume(plugin, 'other', SIZE),
  ];
  const taken = await snap('taken', one);
  await refused(t, snap('taken', other), 'ALREADY_EXISTS', taken, 'choose another name');
  t.same(await snapshotsOf(ceph, other), []);
  const right = await snap('free', other);
  await Promise.all([remove(taken), remove(right)]);
  await Promise.all([drop(one), drop(other)]);
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test('a source that is being deleted', async (t) => {
  const volume = await createVolume(plugin, 'dying', SIZE);
  const snapshotId = await snap('before', volume);
  const crashing = await plugins.start({
    ...{ clusters: [ceph.settings], mode: 'controller', crashAfter: 'delete/mark-deleting' },
  });
  t.equal(await codeOf(crashing.controller.deleteVolume({ volumeId: volume })), 'UNAVAILABLE');
  t.equal(await crashing.ended, 'SIGKILL');
  const deleting = [`"${volume}" is being deleted`, 'DeleteVolume'];
  await refused(t, snap('after', volume), 'FAILED_PRECONDITION', ...deleting);
  const clone = createVolume(plugin, 'clone', SIZE, fromVolume(volume));
  await refused(t, clone, 'FAILED_PRECONDITION', ...deleting);
  t.equal((await snapshotsOf(ceph, volume)).length, 1, 'nothing was taken of it');
  const restored = await createVolume(plugin, 'restored', SIZE, fromSnapshot(snapshotId));
  t.equal(await codeOf(drop(volume)), 'OK');
  await Promise.all([drop(restored), remove(snapshotId)]);
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test(
  'a snapshot, and the one through which a volume is cloned, that librbd did not finish',
  async (t) => {
    const volume = await createVolume(plugin, 'unfinished', SIZE);
    const pool = ceph.pool;
    const { id } = JSON.parse(await ceph.rbd('info', '--format=json', specOf(volume)));
    for (const [effect, call] of [
      [
        'createSnapshot/take-snapshot',
        ({ controller }: LabPlugin) =>
          controller
            .createSnapshot({ name: 'unfinished', sourceVolumeId: volume })
            .then(({ snapshot }) => snapshot?.snapshotId ?? ''),
      ],
      [
        'create/snap-source',
        (of: LabPlugin) => createVolume(of, 'of-unfinished', SIZE, fromVolume(volume)),
      ],
    ] as const) {
      const crashing = await plugins.start({
        ...{ clusters: [ceph.settings], mode: 'controller', crashAfter: effect },
      });
      t.equal(await codeOf(call(crashing)), 'UNAVAILABLE');
      t.equal(await crashing.ended, 'SIGKILL');
      // An OSD that stops answering is passed over by librbd right here.
      const maps = (await ceph.rados('-p', pool, 'ls')).split('\n');
      const made = maps.filter((name) => name.startsWith(`rbd_object_map.${id}.`));
      t.equal(made.length, 1, effect);
      await ceph.rados('-p', pool, 'rm', made[0] ?? '');
      await refused(t, call(plugin), 'UNAVAILABLE', 'did not finish', 'takes another snapshot');
      const whole = await call(plugin);
      if (effect === 'create/snap-source') await drop(whole);
      else {
        const restored = await createVolume(plugin, 'whole', SIZE, fromSnapshot(whole));
        await drop(restored);
        await remove(whole);
      }
    }
    await drop(volume);
    t.same(await whatIsLeft(ceph, folder), NOTHING);
  },
);

t.test('a source in another cluster', async (t) => {
  const volume = await createVolume(plugin, 'far', SIZE);
  const snapshotId = await snap('far', volume);
  const parameters = { cluster: 'elsewhere' };
  for (const [source, id] of [
    [fromSnapshot(snapshotId), snapshotId],
    [fromVolume(volume), volume],
  ] as const) {
    await refused(
      t,
      createVolume(plugin, 'moved', SIZE, { parameters, ...source }),
      'INVALID_ARGUMENT',
      'volume_content_source',
      `"${id}" is in cluster "ceph"`,
      '"elsewhere"',
    );
    const unknown = id.replace(/^ceph/, 'nowhere');
    const there = id === volume ? fromVolume(unknown) : fromSnapshot(unknown);
    await refused(t, createVolume(plugin, 'moved', SIZE, there), 'NOT_FOUND', `"${unknown}"`);
  }
  const moved = await createVolume(plugin, 'moved', SIZE, fromSnapshot(snapshotId));
  t.match(moved, /^ceph\//, "its source's cluster is meant where none is named");
  await Promise.all([drop(moved), remove(snapshotId)]);
  await drop(volume);
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test("a snapshot's id that is malformed, another driver's, or a path", async (t) => {
  const volume = await createVolume(plugin, 'ids', SIZE);
  const good = await snap('ids', volume);
  const ids = [
    '../../etc/passwd',
    `/${good}`,
    `${volume}@../${good.split('@')[1]}`,
    `${volume}@`,
    '@',
    `${good}@${good.split('@')[1]}`,
    '0001-0009-rook-ceph-0000000000000002-8d0ba728-0e17-11eb-a680-ce6eecc894de',
    `${ceph.name}/${ceph.pool}/\u0000@${good.split('@')[1]}`,
    `${volume}@${'x'.repeat(300)}`,
    good.toUpperCase(),
    good.replace(`/${ceph.pool}/`, `/${elsewhere.pool}/`),
    good.replace('@', '/'),
  ];
  for (const snapshotId of ids) {
    t.equal(await codeOf(remove(snapshotId)), 'OK', `nothing to delete: ${snapshotId}`);
    t.same((await controller.listSnapshots({ snapshotId })).entries, []);
    await refused(t, controller.getSnapshot({ snapshotId }), 'NOT_FOUND', 'pannier snapshot list');
    const restore = createVolume(plugin, 'ids-restored', SIZE, fromSnapshot(snapshotId));
    await refused(t, restore, 'NOT_FOUND', 'pannier snapshot list');
  }
  for (const call of [
    remove(''),
    controller.getSnapshot({ snapshotId: '' }),
    createVolume(plugin, 'ids-restored', SIZE, fromSnapshot('')),
  ])
    await refused(t, call, 'INVALID_ARGUMENT', 'snapshot_id is missing');
  await refused(t, snap('x', ''), 'INVALID_ARGUMENT', 'source_volume_id is missing');
  await refused(t, snap('', volume), 'INVALID_ARGUMENT', 'name is missing');
  t.equal(await codeOf(controller.getSnapshot({ snapshotId: good })), 'OK', 'it is there still');
  const restored = await createVolume(plugin, 'ids-restored', SIZE, fromSnapshot(good));
  await Promise.all([drop(restored), remove(good)]);
  await drop(volume);
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test('a token of another listing, of yesterday, of garbage', async (t) => {
  const [one, other] = [
    await createVolume(plugin, 'token-1', SIZE),
    await createVolume(plugin, 'token-2', SIZE),
  ];
  const ids = await Promise.all([0, 1, 2].map((n) => snap(`token-${n}`, one)));
  const page = await controller.listSnapshots({ maxEntries: 1, sourceVolumeId: one });
  const volumes = await controller.listVolumes({ maxEntries: 1 });
  const bad = ['Start the listing from the beginning'];
  const again = (startingToken: string, filter = {}) =>
    controller.listSnapshots({ startingToken, sourceVolumeId: one, ...filter });
  await allRefused(
    t,
    [
      again(page.nextToken, { sourceVolumeId: other }),
      again(page.nextToken, { sourceVolumeId: '' }),
      again(volumes.nextToken),
      again('garbage'),
      again('-1'),
      again(`${page.nextToken}x`),
      again(page.nextToken.replace('/ceph/', '/nowhere/')),
      again('x'.repeat(10_000)),
      controller.listVolumes({ startingToken: page.nextToken }),
    ],
    'ABORTED',
    ...bad,
  );
  await Promise.all(ids.map(remove));
  t.same((await again(page.nextToken)).entries, [], 'of yesterday: what was there is gone since');
  const late = await snap('token-9', one);
  const rest = await again(page.nextToken);
  const all = await again('');
  t.ok(rest.entries.length <= 1);
  t.match(all.entries, [{ snapshot: { snapshotId: late } }]);
  await remove(late);
  await Promise.all([drop(one), drop(other)]);
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test('secrets with a wrong key', async (t) => {
  const volume = await createVolume(plugin, 'secret', SIZE);
  const snapshotId = await snap('secret', volume);
  const secrets = { userID: ceph.user, userKey: wrongKey };
  const create = (more: object) =>
    controller.createSnapshot({ name: 'wrong', sourceVolumeId: volume, ...more });
  await allRefused(
    t,
    [
      create({ secrets }),
      controller.deleteSnapshot({ snapshotId, secrets }),
      controller.getSnapshot({ snapshotId, secrets }),
      controller.listSnapshots({ sourceVolumeId: volume, secrets }),
      createVolume(plugin, 'wrong', SIZE, { secrets, ...fromSnapshot(snapshotId) }),
      createVolume(plugin, 'wrong-too', SIZE, { secrets, ...fromVolume(volume) }),
    ],
    'UNAUTHENTICATED',
    `refuses user "client.${ceph.user}" of the request's secrets`,
    'secrets["userKey"]',
  );
  const half = { userID: ceph.user };
  await refused(t, create({ secrets: half }), 'INVALID_ARGUMENT', 'secrets["userKey"]');
  t.equal((await snapshotsOf(ceph, volume)).length, 1);
  const right = { userID: ceph.user, userKey: ceph.key };
  t.equal(await codeOf(create({ secrets: right })), 'OK');
  const [wrong] = (await snapshotsOf(ceph, volume)).filter((name) => name.startsWith('wrong'));
  t.equal(await codeOf(remove(`${volume}@${wrong}`)), 'OK', "the plugin's own are used again");
  await remove(snapshotId);
  await drop(volume);
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

/** A client that has a volume open and writes to it until it is told to end. */
async function writer(volumeId: string): Promise<() => Promise<void>> {
  const child = spawn(
    'rbd',
    [
      ...['-c', ceph.conf, '--id', ceph.user, '--keyfile', ceph.keyFile, 'bench'],
      ...['--io-type', 'write', '--io-size', '4K', '--io-total', '1T', '--io-pattern', 'rand'],
      specOf(volumeId),
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  while (!(await ceph.rbd('status', specOf(volumeId))).includes('watcher=')) {
    if (child.exitCode !== null) throw new Error('the writer has ended');
  }
  return async () => {
    child.kill('SIGINT');
    await ended;
  };
}

t.test('a clone and a snapshot while the source is mapped and being written', async (t) => {
  const volume = await createVolume(plugin, 'busy', SIZE);
  await writeTo(ceph, volume, 4);
  const end = await writer(volume);
  const clone = await createVolume(plugin, 'busy-clone', SIZE, fromVolume(volume));
  const first = await bytesOf(ceph, clone);
  const snapshotId = await snap('busy', volume);
  const restored = await createVolume(plugin, 'busy-restored', SIZE, fromSnapshot(snapshotId));
  const second = await bytesOf(ceph, restored);
  t.not(first, second, 'it was written between the two');
  t.equal(await bytesOf(ceph, clone), first, 'what is written later does not show');
  t.equal(await bytesOf(ceph, snapshotId), second);
  await end();
  t.equal(await bytesOf(ceph, restored), second);
  await Promise.all([drop(clone), drop(restored), remove(snapshotId)]);
  await drop(volume);
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test('a delete of a volume that was mapped by hand', async (t) => {
  const node = await plugins.start({ clusters: [ceph.settings], nodeId: 'by-hand' });
  const volume = await createVolume(plugin, 'mapped', SIZE);
  const snapshotId = await snap('mapped', volume);
  const end = await writer(volume);
  const [, address = ''] = /watcher=(\S+)/.exec(await ceph.rbd('status', specOf(volume))) ?? [];
  await refused(
    t,
    drop(volume),
    'FAILED_PRECONDITION',
    `"${volume}" is in use by client ${address} on node "by-hand"`,
    'Stop what uses it',
  );
  t.equal(await codeOf(controller.controllerGetVolume({ volumeId: volume })), 'OK');
  t.equal(await codeOf(remove(await snap('mapped-2', volume))), 'OK', 'it is not marked as dying');
  await end();
  t.equal(await codeOf(drop(volume)), 'OK');
  await remove(snapshotId);
  t.same(await whatIsLeft(ceph, folder), NOTHING);
  await node.stop();
});

t.test('no log and no file betrays a key, and no error was unforeseen', async (t) => {
  t.same(plugins.betrayals([wrongKey, ceph.key]), []);
  t.same(filesThatHold(plugin, wrongKey), []);
  t.same(plugins.unforeseen(), []);
});

function filesThatHold(of: LabPlugin, secret: string): string[] {
  return readdirSync(of.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(secret));
}
