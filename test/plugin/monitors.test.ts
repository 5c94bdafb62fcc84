import { mkdirSync } from 'node:fs';
import t from 'tap';
import type { ClusterSettings } from '../../src/config/settings.js';
import { startCeph } from '../lab/ceph.js';
import { type LabConsul, startConsul } from '../lab/consul.js';
import { codeOf, type LabPlugin, startPlugin } from '../lab/plugin.js';
import { blockAs, MIB, mountAs } from './refusal.js';

const [ceph, consul] = await Promise.all([startCeph(), startConsul()]);
const [monitor = ''] = ceph.monitors;
const [host, port] = monitor.split(':');

function clusterOf(service: string): ClusterSettings {
  return { ...ceph.settings, conf: undefined, monitorsService: service };
}

/** Registers instances of a service in place of all that it had. */
async function register(service: string, addresses: readonly string[], of: LabConsul = consul) {
  const known = await of.get<Record<string, { ID: string; Service: string }>>('/v1/agent/services');
  for (const { ID, Service } of Object.values(known))
    if (Service === service) await of.cli('services', 'deregister', `-id=${ID}`);
  for (const address of addresses) {
    const [name = '', at = ''] = address.split(/:(?=\d+$)/);
    const where = [`-address=${name}`, ...(at === '' ? [] : [`-port=${at}`])];
    await of.cli('services', 'register', `-name=${service}`, `-id=${service}-${address}`, ...where);
  }
}

function start(service: string, mode: 'controller' | 'all' = 'controller', of = consul) {
  return startPlugin({ clusters: [clusterOf(service)], mode, env: of.env });
}

function create(plugin: LabPlugin, name: string, capability = blockAs()) {
  return plugin.controller.createVolume({
    name,
    capacityRange: { requiredBytes: 64n * MIB },
    volumeCapabilities: [capability],
  });
}

t.test('monitors are found in Consul, by controllers and for what a node maps', async (t) => {
  await register('ceph-mon', [monitor]);
  const plugin = await start('ceph-mon', 'all');
  const { volume } = await create(plugin, 'found', mountAs('ext4'));
  const volumeId = volume?.volumeId ?? '';
  const stagingTargetPath = `${plugin.folder}/staging`;
  mkdirSync(stagingTargetPath);
  const capability = { volumeCapability: mountAs('ext4'), volumeContext: {} };
  const { publishContext } = await plugin.controller.controllerPublishVolume({
    ...{ volumeId, nodeId: 'lab-node' },
    ...capability,
  });
  await plugin.node.nodeStageVolume({ volumeId, stagingTargetPath, publishContext, ...capability });
  await plugin.node.nodeUnstageVolume({ volumeId, stagingTargetPath });
  t.equal(await plugin.stop('SIGTERM'), 0);
});

t.test('no service, none that answers, then the right one: each call tries anew', async (t) => {
  const plugin = await start('mon-later');
  await t.rejects(create(plugin, 'later'), {
    code: 'UNAVAILABLE',
    message: /its monitors are not known: Consul has no service "mon-later"/,
  });
  await register('mon-later', ['127.0.0.1:1']);
  for (;;) {
    const message = await create(plugin, 'later').then(String, ({ message }: Error) => message);
    if (/Consul has no service/.test(message)) continue;
    t.match(message, /cluster "ceph" does not answer: connect: .*ETIMEDOUT/);
    break;
  }
  await register('mon-later', [monitor]);
  while ((await codeOf(create(plugin, 'later'))) === 'UNAVAILABLE');
  t.equal(await codeOf(create(plugin, 'later')), 'OK');
  t.equal(await plugin.stop('SIGTERM'), 0);
});

t.test('a connection whose monitors are all elsewhere now is made anew', async (t) => {
  await register('mon-moves', [monitor]);
  const plugin = await start('mon-moves');
  await create(plugin, 'moves');
  await register('mon-moves', [`localhost:${port}`, monitor]);
  await register('mon-moves', [`localhost:${port}`]);
  t.match(
    await plugin.logged(({ msg }) => msg === 'the monitors have moved: connecting anew', 30_000),
    {
      cluster: 'ceph',
      service: 'mon-moves',
    },
  );
  t.equal(await codeOf(create(plugin, 'moves')), 'OK');
  t.equal(await plugin.stop('SIGTERM'), 0);
});

t.test('without Consul the monitors are those that it knew last', async (t) => {
  const later = await startConsul();
  await register('mon', [`${host}:${port}`], later);
  const plugin = await start('mon', 'controller', later);
  await create(plugin, 'without');
  await later.stop();
  const lost = 'cannot follow the monitors in Consul';
  await plugin.logged(({ msg }) => msg === lost, 60_000);
  // A request's own user connects anew.
  const secrets = { userID: ceph.user, userKey: ceph.key };
  const { volume } = await create(plugin, 'without');
  const again = plugin.controller.deleteVolume({ volumeId: volume?.volumeId ?? '', secrets });
  t.equal(await codeOf(again), 'OK');

  const none = await start('mon', 'controller', later);
  await t.rejects(create(none, 'never'), {
    code: 'UNAVAILABLE',
    message: /its monitors are not known: Consul at .* does not answer: .*ECONNREFUSED/,
  });
  await later.start();
  while ((await codeOf(create(none, 'never'))) === 'UNAVAILABLE');
  t.equal(await codeOf(create(none, 'never')), 'OK');
  const problems = plugin.log.filter(({ msg }) => msg === lost).map(({ problem }) => problem);
  t.equal(new Set(problems).size, problems.length, 'the same again is no news');
  t.equal(await plugin.stop('SIGTERM'), 0);
  t.equal(await none.stop('SIGTERM'), 0);
});
