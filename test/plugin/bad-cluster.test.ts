import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { startCeph } from '../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { codeOf, type LabPlugin } from '../lab/plugin.js';
import { allRefused, blockAs, createVolume, held, MIB, Plugins, refused } from './refusal.js';

const ceph = await startCeph();
const plugins = new Plugins();
const secrets = new Set([ceph.key]);

/** A key that Ceph could have made, and did not. */
const wrongKey = (() => {
  const bytes = Buffer.from(ceph.key, 'base64');
  bytes.fill(7, 12);
  return bytes.toString('base64');
})();
secrets.add(wrongKey);

/** Calls again until the cluster's maps have reached everyone. */
async function eventually(wanted: string, call: () => Promise<unknown>): Promise<void> {
  const limit = Date.now() + 60_000;
  for (;;) {
    const code = await codeOf(call());
    if (code === wanted) return;
    if (Date.now() > limit) throw new Error(`${code} for ever, and not ${wanted}`);
    await sleep(200);
  }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const limit = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > limit) throw new Error('it never came to that');
    await sleep(200);
  }
}

function descriptors({ pid }: LabPlugin): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

async function probes(plugin: LabPlugin): Promise<boolean | undefined> {
  return (await plugin.identity.probe({})).ready;
}

t.test('a wrong key is UNAVAILABLE and named by its user, and Probe answers', async (t) => {
  const settings = { ...ceph.settings, key: wrongKey, keyFile: undefined };
  const plugin = await plugins.start({ clusters: [settings], mode: 'controller' });
  const { controller } = plugin;
  const volumeId = `ceph/${ceph.pool}/pannier-x`;
  const denied = ['cluster "ceph" refuses user "client.pannier"', 'caps'];
  await allRefused(
    t,
    [
      createVolume(plugin, 'denied'),
      controller.deleteVolume({ volumeId }),
      controller.controllerGetVolume({ volumeId }),
      controller.listVolumes({}),
      controller.getCapacity({}),
    ],
    'UNAVAILABLE',
    ...denied,
  );
  t.equal(await probes(plugin), true);

  const right = { userID: ceph.user, userKey: ceph.key };
  const made = await createVolume(plugin, 'denied', MIB, { secrets: right });
  t.equal(await codeOf(controller.deleteVolume({ volumeId: made, secrets: right })), 'OK');
  // A request's credentials are gone when it is answered: what it left to the background needs the plugin's own.
  await plugin.stop();
  const whole = await plugins.start({ clusters: [ceph.settings], mode: 'controller' });
  t.same(await whatIsLeft(ceph, whole.folder), NOTHING);
  await whole.stop();
});

t.test('a user without the caps is told which, and works as soon as it has them', async (t) => {
  const user = `weak-${ceph.pool}`;
  const get = async (...caps: string[]) => {
    await ceph.ceph('auth', 'get-or-create', `client.${user}`);
    await ceph.ceph('auth', 'caps', `client.${user}`, ...caps);
    return (await ceph.ceph('auth', 'get-key', `client.${user}`)).trim();
  };
  const key = await get('mon', 'allow r', 'osd', 'profile rbd-read-only');
  secrets.add(key);
  t.teardown(() => ceph.ceph('auth', 'rm', `client.${user}`));
  const settings = { ...ceph.settings, user, key, keyFile: undefined };
  const plugin = await plugins.start({ clusters: [settings], mode: 'controller' });
  const denied = [`refuses user "client.${user}"`, 'mon "profile rbd", osd "profile rbd"'];
  await refused(t, createVolume(plugin, 'weak'), 'UNAVAILABLE', ...denied);
  t.equal(await codeOf(plugin.controller.listVolumes({})), 'OK', 'it may read');
  t.same(await held(ceph), [], 'nothing is half made');

  await get('mon', 'profile rbd', 'osd', 'profile rbd');
  await eventually('OK', () => createVolume(plugin, 'weak'));
  const volumeId = await createVolume(plugin, 'weak');
  t.equal(await codeOf(plugin.controller.deleteVolume({ volumeId })), 'OK');
  t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
});

t.test('a cluster without a monitor stalls neither Probe nor another cluster', async (t) => {
  const dead = { ...ceph.settings, name: 'dead', conf: undefined, monitors: ['127.0.0.1:1'] };
  const plugin = await plugins.start({ clusters: [ceph.settings, dead] });
  const { controller, node } = plugin;
  const onDead = (image: string) => `dead/${ceph.pool}/${image}`;
  let ended = 0;
  const waiting = [
    ...Array.from({ length: 12 }, (_, n) =>
      createVolume(plugin, `dead-${n}`, MIB, { parameters: { cluster: 'dead' } }),
    ),
    controller.deleteVolume({ volumeId: onDead('pannier-x') }),
    controller.getCapacity({ parameters: { cluster: 'dead' } }),
    node.nodeStageVolume({
      volumeId: onDead('pannier-x'),
      stagingTargetPath: plugin.folder,
      volumeCapability: blockAs(),
    }),
  ].map((call) => call.finally(() => ended++));
  const answers = allRefused(
    t,
    waiting,
    'UNAVAILABLE',
    'cluster "dead" does not answer',
    'ceph -s',
  );
  for (let round = 0; round < 5; round++) {
    t.equal(await probes(plugin), true);
    const volumeId = await createVolume(plugin, `alive-${round}`, MIB);
    t.equal(await codeOf(controller.deleteVolume({ volumeId })), 'OK');
  }
  t.equal(ended, 0, 'all of that while the dead cluster was waited for');
  await answers;
  await refused(t, controller.listVolumes({}), 'UNAVAILABLE', 'cluster "dead"');
  t.equal(
    await codeOf(
      node.nodeUnstageVolume({ volumeId: onDead('pannier-x'), stagingTargetPath: '/x' }),
    ),
    'OK',
    'what is not there is taken down without the cluster',
  );
  t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
});

t.test('a full pool is RESOURCE_EXHAUSTED; what is there can be deleted', async (t) => {
  for (const own of [true, false]) {
    const full = await ceph.freshPool();
    const settings = own ? { ...ceph.settings, pool: full } : ceph.settings;
    const plugin = await plugins.start({ clusters: [settings], mode: 'controller' });
    const { controller } = plugin;
    const parameters = { pool: full };
    const there = await createVolume(plugin, 'there', MIB, { parameters });
    await ceph.ceph('osd', 'pool', 'set-quota', full, 'max_objects', '1');
    const more = () => createVolume(plugin, 'more', MIB, { parameters });
    await eventually('RESOURCE_EXHAUSTED', async () => {
      const volumeId = await more();
      await controller.deleteVolume({ volumeId });
    });
    await refused(t, more(), 'RESOURCE_EXHAUSTED', 'cluster "ceph" has no room', 'quota');
    t.same(
      (await held(ceph, full)).filter((name) => name.includes('more')),
      [],
      'nothing is half made',
    );
    t.equal(await codeOf(createVolume(plugin, 'there', MIB, { parameters })), 'OK', 'it is there');
    const { volume } = await controller.controllerGetVolume({ volumeId: there });
    t.equal(volume?.capacityBytes, MIB);
    t.equal(await codeOf(controller.deleteVolume({ volumeId: there })), 'OK');
    t.equal(await codeOf(controller.controllerGetVolume({ volumeId: there })), 'NOT_FOUND');

    await ceph.ceph('osd', 'pool', 'set-quota', full, 'max_objects', '0');
    await eventually('OK', more);
    t.equal(await codeOf(controller.deleteVolume({ volumeId: await more() })), 'OK');
    await until(async () => (await held(ceph, full)).concat(await held(ceph)).length === 0);
    t.pass('nothing is left');
    await plugin.stop();
  }
});

t.test(
  "a request's own credentials are used, and a wrong key of theirs is theirs alone",
  async (t) => {
    const plugin = await plugins.start({ clusters: [ceph.settings] });
    const { controller, node, folder } = plugin;
    const name = 'credentials';
    const capability = { volumeCapabilities: [blockAs()], capacityRange: { requiredBytes: MIB } };
    const create = (pair: Record<string, string>) =>
      controller.createVolume({ name, ...capability, secrets: pair });
    await refused(
      t,
      create({ userID: ceph.user, userKey: wrongKey }),
      'UNAUTHENTICATED',
      `refuses user "client.${ceph.user}"`,
      'secrets["userKey"]',
    );
    await refused(
      t,
      create({ userID: 'niemand', userKey: ceph.key }),
      'UNAUTHENTICATED',
      'refuses user "client.niemand"',
    );
    await refused(
      t,
      create({ userID: ceph.user, userKey: 'geheim' }),
      'UNAUTHENTICATED',
      'not one that Ceph made',
    );
    secrets.add('geheim');
    const volumeId = await createVolume(plugin, name, MIB);
    const wrong = { userID: ceph.user, userKey: wrongKey };
    await allRefused(
      t,
      [
        controller.deleteVolume({ volumeId, secrets: wrong }),
        controller.controllerExpandVolume({
          volumeId,
          capacityRange: { requiredBytes: 2n * MIB },
          secrets: wrong,
        }),
        controller.controllerPublishVolume({
          volumeId,
          nodeId: 'lab-node',
          volumeCapability: blockAs(),
          secrets: wrong,
        }),
        node.nodeStageVolume({
          volumeId,
          stagingTargetPath: folder,
          volumeCapability: blockAs(),
          secrets: wrong,
        }),
      ],
      'UNAUTHENTICATED',
      'refuses user',
    );
    t.equal((await controller.controllerGetVolume({ volumeId })).volume?.capacityBytes, MIB);

    const user = `own-${ceph.pool}`;
    const caps = ['mon', 'profile rbd', 'osd', `profile rbd pool=${ceph.pool}`];
    await ceph.ceph('auth', 'get-or-create', `client.${user}`, ...caps);
    t.teardown(() => ceph.ceph('auth', 'rm', `client.${user}`));
    const userKey = (await ceph.ceph('auth', 'get-key', `client.${user}`)).trim();
    secrets.add(userKey);
    const stage = { volumeId, stagingTargetPath: folder, volumeCapability: blockAs() };
    await node.nodeStageVolume({ ...stage, secrets: { userID: user, userKey } });
    t.match(await ceph.rbd('status', `${ceph.pool}/${volumeId.split('/')[2]}`), /watcher=/);
    await node.nodeUnstageVolume(stage);
    t.equal(
      await codeOf(controller.deleteVolume({ volumeId, secrets: { userID: user, userKey } })),
      'OK',
    );
    const before = descriptors(plugin);
    t.equal(
      await codeOf(controller.deleteVolume({ volumeId, secrets: { userID: user, userKey } })),
      'OK',
    );
    await until(() => descriptors(plugin) <= before);
    t.pass('its connection to the cluster ends with the request');
    t.same(await whatIsLeft(ceph, folder), NOTHING);
  },
);

t.test("caps that a request's own user lacks are the request's affair", async (t) => {
  const plugin = await plugins.start({ clusters: [ceph.settings], mode: 'controller' });
  const user = `reader-${ceph.pool}`;
  const caps = ['mon', 'profile rbd', 'osd', 'profile rbd-read-only'];
  await ceph.ceph('auth', 'get-or-create', `client.${user}`, ...caps);
  t.teardown(() => ceph.ceph('auth', 'rm', `client.${user}`));
  const userKey = (await ceph.ceph('auth', 'get-key', `client.${user}`)).trim();
  secrets.add(userKey);
  const own = { secrets: { userID: user, userKey } };
  await refused(
    t,
    createVolume(plugin, 'reader', MIB, own),
    'PERMISSION_DENIED',
    `user "client.${user}" of the request's secrets`,
    'profile rbd',
  );
  t.same(await held(ceph), [], 'nothing is half made');
  const volumeId = await createVolume(plugin, 'reader', MIB);
  t.equal(await codeOf(plugin.controller.deleteVolume({ volumeId })), 'OK', 'its own user may');
  t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
});

t.test('no log betrays a key, and no error was unforeseen', async (t) => {
  t.same(plugins.betrayals([...secrets]), []);
  t.same(plugins.unforeseen(), []);
});
